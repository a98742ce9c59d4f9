-- A tenant's records by time: what a rule is tried on before it is made.
CREATE INDEX CONCURRENTLY records_by_time ON records (tenant_id, received_at, id);
