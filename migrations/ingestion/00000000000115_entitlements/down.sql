DROP TRIGGER records_count ON records;
DROP FUNCTION count_records();
DROP FUNCTION quota_resets_at(date, text);
DROP FUNCTION quota_month(timestamptz, text);
DROP TABLE record_quota;
DROP TABLE entitlements;
