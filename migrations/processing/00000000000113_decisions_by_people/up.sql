-- People's decisions, newest first: what proposals are mined from.
CREATE INDEX CONCURRENTLY decisions_by_people ON decisions (tenant_id, decided_at) WHERE stage = 'human';
