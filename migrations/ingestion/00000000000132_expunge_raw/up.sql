-- Raw forms can be taken away while the record, its decisions and its history stay.

ALTER TABLE records ADD COLUMN raw_expunged_at timestamptz;
-- A body goes from every receipt of it. Repeated receipts are few, so this index is small and rarely written.
CREATE INDEX deliveries_repeated ON deliveries (record_id) WHERE outcome = 'duplicate';
ALTER TABLE record_history DROP CONSTRAINT record_history_action_check;
ALTER TABLE record_history ADD CONSTRAINT record_history_action_check
    CHECK (action IN ('decided', 'archived', 'restored', 'reprocess_requested', 'raw_expunged'));
