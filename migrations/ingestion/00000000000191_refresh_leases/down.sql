ALTER TABLE oauth_tokens DROP COLUMN refresh_lease, DROP COLUMN refresh_until;
