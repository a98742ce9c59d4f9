-- Questions put to people, their answers, and the labels that an answer may name.

CREATE TABLE approvals (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    -- Counts the record's machine decisions; the question of a higher one replaces that of a lower one.
    sequence integer NOT NULL CHECK (sequence > 0),
    status text NOT NULL CHECK (status IN ('pending', 'approved', 'overridden', 'expired')),
    proposal_decision_id uuid NOT NULL,
    proposal json NOT NULL,
    candidates json NOT NULL,
    record json NOT NULL,
    -- Of the proposal, for filters.
    label text,
    stage text NOT NULL CHECK (stage IN ('rule', 'embedding', 'llm', 'human', 'none')),
    confidence double precision,
    -- Who holds the lease while it is pending; who answered once it is decided, then without an end.
    claimed_by uuid,
    claimed_by_name text,
    claim_expires_at timestamptz,
    decided_by json,
    decided_at timestamptz,
    outcome_label text,
    comment text,
    rule_id uuid,
    decision_id uuid,
    requested_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CHECK ((status IN ('approved', 'overridden')) = (decided_at IS NOT NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK ((decided_at IS NULL) = (outcome_label IS NULL)),
    CHECK ((decided_at IS NULL) = (decision_id IS NULL)),
    UNIQUE (tenant_id, record_id, sequence)
);
CREATE UNIQUE INDEX approvals_one_pending ON approvals (tenant_id, record_id) WHERE status = 'pending';
CREATE INDEX approvals_oldest ON approvals (tenant_id, requested_at, id);
CREATE INDEX approvals_status ON approvals (tenant_id, status, requested_at, id);
CREATE INDEX approvals_label ON approvals (tenant_id, label, requested_at, id);
CREATE INDEX approvals_stage ON approvals (tenant_id, stage, requested_at, id);
CREATE INDEX approvals_assignee ON approvals (tenant_id, claimed_by, requested_at, id) WHERE claimed_by IS NOT NULL;
CREATE INDEX approvals_decided ON approvals (tenant_id, decided_at) WHERE decided_at IS NOT NULL;
CALL app_protect('approvals');

-- What happened to a question after it was put.
CREATE TABLE approval_events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    approval_id uuid NOT NULL REFERENCES approvals (id),
    at timestamptz NOT NULL,
    actor json NOT NULL,
    action text NOT NULL CHECK (action IN ('claimed', 'renewed', 'released', 'approved', 'overridden', 'expired'))
);
CREATE INDEX approval_events_approval ON approval_events (approval_id, seq);
CALL app_protect('approval_events');

-- The tenant's labels, as told by processing, which owns them. A name is not unique here: two renames may
-- arrive in the other order.
CREATE TABLE labels (
    tenant_id uuid NOT NULL,
    label_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    deleted boolean NOT NULL,
    PRIMARY KEY (tenant_id, label_id)
);
CREATE INDEX labels_name ON labels (tenant_id, name) WHERE NOT deleted;
CALL app_protect('labels');
