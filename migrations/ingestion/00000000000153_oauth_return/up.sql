-- Where the browser goes after an authorisation: a path below the public address; null for an answer in JSON.
ALTER TABLE oauth_states ADD COLUMN return_path text;
