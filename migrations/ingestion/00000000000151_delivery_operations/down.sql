DROP FUNCTION record_words_replace(uuid[]);
DELETE FROM record_history WHERE action = 'remapped';
ALTER TABLE record_history DROP CONSTRAINT record_history_action_check;
ALTER TABLE record_history ADD CONSTRAINT record_history_action_check
    CHECK (action IN ('decided', 'archived', 'restored', 'reprocess_requested', 'raw_expunged'));
DELETE FROM operation_items WHERE operation_id IN (
    SELECT id FROM operations WHERE action IN ('remap', 'replay') OR reverted_action = 'remap');
DELETE FROM operations WHERE action IN ('remap', 'replay') OR reverted_action = 'remap';
ALTER TABLE operation_items DROP COLUMN before, DROP COLUMN made_record_id;
ALTER TABLE operations
    DROP CONSTRAINT operations_action_check,
    DROP CONSTRAINT operations_reverted_action_check,
    DROP COLUMN integration_id;
ALTER TABLE operations
    ADD CONSTRAINT operations_action_check CHECK (action IN ('archive', 'restore', 'reprocess', 'revert')),
    ADD CONSTRAINT operations_reverted_action_check CHECK (reverted_action IN ('archive', 'restore', 'reprocess'));
