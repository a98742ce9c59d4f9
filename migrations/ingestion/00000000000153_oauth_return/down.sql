ALTER TABLE oauth_states DROP COLUMN return_path;
