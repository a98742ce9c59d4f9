ALTER TABLE retentions DROP COLUMN kept_days, DROP COLUMN plan_days, DROP COLUMN next_plan_days, DROP COLUMN next_plan_at;
DROP TRIGGER files_count_stored ON files;
DROP TRIGGER files_count_deleted ON files;
DROP FUNCTION count_files();
DROP TABLE file_usage;
ALTER TABLE entitlements DROP COLUMN file_bytes, DROP COLUMN retention_days;
