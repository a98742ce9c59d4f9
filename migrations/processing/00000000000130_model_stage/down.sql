ALTER TABLE processing_settings DROP COLUMN llm_disclosure;
DROP TABLE model_capabilities;
DROP TABLE model_answers;
DROP TABLE model_reservations;
DROP TABLE model_usage;
DROP FUNCTION quota_resets_at(date, text);
DROP FUNCTION quota_month(timestamptz, text);
DROP TABLE entitlements;
