ALTER TABLE records DROP COLUMN normalized_at;
