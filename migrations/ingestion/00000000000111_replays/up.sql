-- When a rejected delivery was taken in after all; `reason` still says why it was rejected at first.
ALTER TABLE deliveries ADD COLUMN replayed_at timestamptz;
-- What is in quarantine, in order of receipt. Deliveries that are believed have no entry here.
CREATE INDEX deliveries_rejected ON deliveries (integration_id, id) WHERE outcome = 'rejected';
