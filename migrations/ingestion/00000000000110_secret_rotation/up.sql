-- The secret before the last rotation, sealed like the present one, and until when it verifies as well.
ALTER TABLE integrations ADD COLUMN previous_secret_sealed bytea, ADD COLUMN previous_secret_expires_at timestamptz;
