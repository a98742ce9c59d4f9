-- Records that rules left undecided and a later stage is to look at. Written in the transaction that would otherwise
-- have asked a person; deleted in the one that decides.
CREATE TABLE pending_decisions (
    record_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    -- The decision to be made: its id, and what it counts as among the record's machine decisions.
    decision_id uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    record json NOT NULL,
    -- What the rules came to, as a receipt.
    receipt json NOT NULL,
    traceparent text NOT NULL,
    -- Requests to decide anew that are answered with the decision.
    asked json NOT NULL,
    queued_at timestamptz NOT NULL,
    -- When it may be taken next: a claim moves it to the end of its lease.
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- The claim in force; whoever holds an older one decides nothing.
    lease uuid
) WITH (
    -- A queue: its dead rows must go quickly or the head of the index is scanned again and again.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
-- The tenants in turn, and what is longest due of each.
CREATE INDEX pending_decisions_due ON pending_decisions (tenant_id, due_at, record_id);
CALL app_protect('pending_decisions');
