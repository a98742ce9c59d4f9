-- What reports are summed up from, counted in the transaction that logs the events.

-- How often something happened in an hour, by what it happened to; '' where a column says nothing about it.
CREATE TABLE hourly_facts (
    tenant_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    measure text NOT NULL CHECK (
        measure IN ('received', 'classified', 'review_requested', 'approved', 'overridden', 'redecided')),
    source text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('', 'rule', 'embedding', 'llm', 'human', 'none')),
    label text NOT NULL,
    n bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (tenant_id, hour, measure, source, stage, label)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CALL app_protect('hourly_facts');

-- Time from receipt to the first machine decision; a bucket ends 1.25 times later than the one before.
CREATE TABLE hourly_latencies (
    tenant_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    bucket smallint NOT NULL CHECK (bucket >= 0),
    n bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (tenant_id, hour, bucket)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CALL app_protect('hourly_latencies');

-- What waits now. Either may be below zero for a moment, while an answer has overtaken its question.
CREATE TABLE backlogs (
    tenant_id uuid PRIMARY KEY,
    undecided bigint NOT NULL DEFAULT 0,
    pending_reviews bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CALL app_protect('backlogs');
