DELETE FROM record_history WHERE action = 'raw_expunged';
ALTER TABLE record_history DROP CONSTRAINT record_history_action_check;
ALTER TABLE record_history ADD CONSTRAINT record_history_action_check
    CHECK (action IN ('decided', 'archived', 'restored', 'reprocess_requested'));
DROP INDEX deliveries_repeated;
ALTER TABLE records DROP COLUMN raw_expunged_at;
