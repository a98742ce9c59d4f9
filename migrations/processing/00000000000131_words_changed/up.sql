-- When a record's words last became others: decisions before that were made of words that are no longer kept here.
ALTER TABLE records ADD COLUMN normalized_at timestamptz;
