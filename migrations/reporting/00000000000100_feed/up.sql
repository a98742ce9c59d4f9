-- The event feed: every event of the house, in one order per tenant.

-- The last position given out. A writer holds its tenants' rows until it commits, so that a position is visible
-- only once all lower ones are, and a rollback leaves no gap.
CREATE TABLE feed_heads (
    tenant_id uuid PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0)
) WITH (
    -- Every batch rewrites these rows in place; room on the page keeps the index out of it.
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000
);
CALL app_protect('feed_heads');

CREATE TABLE events (
    tenant_id uuid NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    id uuid NOT NULL,
    type text NOT NULL,
    source_agent text NOT NULL,
    actor json NOT NULL,
    subject_type text NOT NULL,
    subject_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    schema_version integer NOT NULL,
    data json NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, position),
    CONSTRAINT events_id_key UNIQUE (id)
);
CREATE INDEX events_subject ON events (tenant_id, subject_id, position);
CREATE INDEX events_type ON events (tenant_id, type, position);
CALL app_protect('events');
-- What was logged stays as it was logged.
REVOKE UPDATE, DELETE ON events FROM verdict_app;

-- Between which positions the events of an hour lie: the index of `from` and `to`, at one row an hour instead of
-- one index entry an event. Late events widen their hour's range.
CREATE TABLE feed_hours (
    tenant_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL CHECK (last_position >= first_position),
    PRIMARY KEY (tenant_id, hour)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CALL app_protect('feed_hours');

-- LZ4 packs long events at a fraction of the default's processor time; builds without it keep the default.
DO $$
BEGIN
    ALTER TABLE events ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this PostgreSQL has no lz4; events keep the default compression';
END
$$;
