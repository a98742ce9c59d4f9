ALTER TABLE integrations DROP COLUMN previous_secret_sealed, DROP COLUMN previous_secret_expires_at;
