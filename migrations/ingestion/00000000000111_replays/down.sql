DROP INDEX deliveries_rejected;
ALTER TABLE deliveries DROP COLUMN replayed_at;
