-- Deciding many records again, by the rules of the present or of a former time; for real, or to see what would come out.

CREATE TABLE runs (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'completed', 'cancelled')),
    dry_run boolean NOT NULL,
    -- As it was asked for.
    scope json NOT NULL,
    -- What decides, fixed when the run begins.
    rule_stage boolean NOT NULL,
    rule_set_version bigint NOT NULL CHECK (rule_set_version >= 0),
    auto_accept_threshold double precision NOT NULL,
    as_of timestamptz,
    -- The dry run that says what may change.
    dry_run_id uuid,
    total integer NOT NULL CHECK (total >= 0),
    changed integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    pinned integer NOT NULL DEFAULT 0,
    conflicts integer NOT NULL DEFAULT 0,
    created_by json NOT NULL,
    traceparent text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((ended_at IS NULL) = (status = 'running'))
);
CREATE INDEX runs_newest ON runs (tenant_id, id);
CREATE INDEX runs_running ON runs (id) WHERE status = 'running';
CALL app_protect('runs');

-- The records of a run, fixed when it begins, each with what came of it. No foreign key: both are written in one
-- transaction and never deleted.
CREATE TABLE run_items (
    run_id uuid NOT NULL,
    record_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    -- Null until the record's turn.
    result text CHECK (result IN ('changed', 'unchanged', 'pinned', 'conflict', 'failed')),
    reason text,
    "before" json,
    "after" json,
    PRIMARY KEY (run_id, record_id)
);
CREATE INDEX run_items_open ON run_items (run_id, record_id) WHERE result IS NULL;
CALL app_protect('run_items');
