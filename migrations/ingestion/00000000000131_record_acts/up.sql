-- Acts on records beside their decisions: archive, restore, reprocess; each record's history; and acts on many at once.

ALTER TABLE records
    -- What restoring gives back. A verdict on an archived record goes here. Named by no index: updates stay HOT.
    ADD COLUMN archived_from text
        CHECK (archived_from IN ('ingested', 'processing', 'classified', 'pending_review', 'approved', 'overridden', 'failed'));

-- What became of a record, one row for each version that somebody made; only ever appended to. The key is all the
-- index there is: it serves the history's list, and it is the cheapest that a verdict can be kept under.
CREATE TABLE record_history (
    record_id uuid NOT NULL,
    -- The record's version after the change.
    version integer NOT NULL,
    tenant_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('decided', 'archived', 'restored', 'reprocess_requested')),
    status text NOT NULL,
    label text,
    stage text NOT NULL,
    confidence double precision,
    decision_id uuid,
    operation_id uuid,
    actor json NOT NULL,
    -- Whether a person or an API key did it, rather than the system by itself: what a revert never overwrites.
    by_person boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (record_id, version)
);
CALL app_protect('record_history');
REVOKE UPDATE, DELETE ON record_history FROM verdict_app;

-- An act on many records. Which ones is fixed when it is asked for; a worker goes through them in batches.
CREATE TABLE operations (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('archive', 'restore', 'reprocess', 'revert')),
    -- The operation that this one undoes, and what that one did.
    reverts uuid,
    reverted_action text CHECK (reverted_action IN ('archive', 'restore', 'reprocess')),
    status text NOT NULL CHECK (status IN ('running', 'completed')),
    -- The selection as it was asked for, for people to read.
    selection json NOT NULL,
    -- Whether a worker has items left to begin. Its row lock is the worker's lease.
    has_pending boolean NOT NULL,
    matched integer NOT NULL,
    changed integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    conflicts integer NOT NULL DEFAULT 0,
    created_by json NOT NULL,
    traceparent text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    completed_at timestamptz,
    CHECK ((action = 'revert') = (reverts IS NOT NULL)),
    CHECK ((reverts IS NULL) = (reverted_action IS NULL))
);
CREATE INDEX operations_list ON operations (tenant_id, id);
CREATE INDEX operations_pending ON operations (id) WHERE has_pending;
-- An operation is undone once.
CREATE UNIQUE INDEX operations_reverts ON operations (reverts) WHERE reverts IS NOT NULL;
CALL app_protect('operations');

CREATE TABLE operation_items (
    operation_id uuid NOT NULL REFERENCES operations (id),
    record_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    -- `requested`: begun, and another service has yet to say how it ended.
    result text NOT NULL CHECK (result IN ('pending', 'requested', 'changed', 'unchanged', 'skipped', 'conflict')),
    -- Why it was skipped or is a conflict.
    reason text,
    -- The record's version that the act made, the decision that stood before it, and for a revert those that it undoes.
    version integer,
    decision_before uuid,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (operation_id, record_id)
);
CREATE INDEX operation_items_pending ON operation_items (operation_id, record_id) WHERE result = 'pending';
CALL app_protect('operation_items');
