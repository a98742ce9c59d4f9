DROP TABLE operation_items;
DROP TABLE operations;
DROP TABLE record_history;
ALTER TABLE records DROP COLUMN archived_from;
