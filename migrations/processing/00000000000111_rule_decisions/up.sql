-- What a rule decided, newest first: its statistics.
CREATE INDEX CONCURRENTLY decisions_rule ON decisions (rule_id, decided_at) WHERE rule_id IS NOT NULL;
