ALTER TABLE integrations DROP COLUMN health_alarm;
