-- What people were told of a source last: that it fails, that it is silent, or nothing.
ALTER TABLE integrations ADD COLUMN health_alarm text CHECK (health_alarm IN ('failing', 'silent'));
