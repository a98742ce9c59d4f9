-- What a tenant classifies into, the rules that do it, and every decision they made.

CREATE TABLE labels (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    description text NOT NULL,
    examples text[] NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT labels_name_unique UNIQUE (tenant_id, name)
);
CREATE INDEX labels_newest ON labels (tenant_id, id);
CALL app_protect('labels');

-- Rules as they are now. `version` counts the changes of one rule.
CREATE TABLE rules (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL CHECK (name <> ''),
    condition text NOT NULL,
    label_id uuid NOT NULL REFERENCES labels (id),
    priority integer NOT NULL CHECK (priority >= 0),
    status text NOT NULL CHECK (status IN ('active', 'shadow', 'disabled')),
    requires_review boolean NOT NULL,
    description text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('manual', 'override')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT rules_name_unique UNIQUE (tenant_id, name)
);
CREATE INDEX rules_newest ON rules (tenant_id, id);
CREATE INDEX rules_label_id ON rules (label_id);
CALL app_protect('rules');

-- Every version of every rule, deleted ones too, since decisions name them. Only ever appended to; it keeps the
-- label's name of the time, and so refers neither to rules nor to labels.
CREATE TABLE rule_versions (
    rule_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    condition text NOT NULL,
    label text NOT NULL,
    priority integer NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'shadow', 'disabled')),
    requires_review boolean NOT NULL,
    description text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('manual', 'override')),
    changed_by json NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (rule_id, version)
);
CALL app_protect('rule_versions');
REVOKE UPDATE, DELETE ON rule_versions FROM verdict_app;

-- The newest rule set of each tenant. Its row lock puts a tenant's rule changes in one order.
CREATE TABLE rule_set_heads (
    tenant_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version > 0)
);
CALL app_protect('rule_set_heads');

-- The active rules at each version of the set, in the order they are tried: what a receipt is expanded with.
CREATE TABLE rule_sets (
    tenant_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    rules json NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, version)
);
CALL app_protect('rule_sets');
REVOKE UPDATE, DELETE ON rule_sets FROM verdict_app;

-- Settings that differ from the defaults; a tenant without a row has the defaults.
CREATE TABLE processing_settings (
    tenant_id uuid PRIMARY KEY,
    version integer NOT NULL CHECK (version > 0),
    rule_stage boolean NOT NULL,
    embedding_stage boolean NOT NULL,
    llm_stage boolean NOT NULL,
    auto_accept_threshold double precision NOT NULL CHECK (auto_accept_threshold BETWEEN 0 AND 1),
    target_error_rate double precision NOT NULL CHECK (target_error_rate BETWEEN 0 AND 1),
    audit_sample_rate double precision NOT NULL CHECK (audit_sample_rate BETWEEN 0 AND 1),
    llm_model text,
    llm_monthly_budget numeric CHECK (llm_monthly_budget >= 0),
    llm_currency text NOT NULL CHECK (llm_currency ~ '^[A-Z]{3}$'),
    updated_by json NOT NULL,
    updated_at timestamptz NOT NULL
);
CALL app_protect('processing_settings');

-- Records as ingestion told of them. The primary key makes the consumer idempotent, and the one column that points
-- to the current decision is what makes it exactly one.
--
-- Between records and decisions there are no foreign keys on purpose: both rows are written in one transaction, are
-- never deleted, and the checks would cost a row lock for each record on the hottest path there is.
CREATE TABLE records (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    source text NOT NULL,
    integration_id uuid,
    external_id text,
    received_at timestamptz NOT NULL,
    normalized json NOT NULL,
    last_sequence integer NOT NULL CHECK (last_sequence >= 0),
    current_decision_id uuid NOT NULL
);
CALL app_protect('records');

-- Every decision ever made; only appended to. The key serves the list of a record and the idempotency of feedback.
CREATE TABLE decisions (
    record_id uuid NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    -- Counts the record's machine decisions from 1.
    sequence integer CHECK (sequence > 0),
    label_id uuid,
    -- The label's name of the time.
    label text,
    stage text NOT NULL CHECK (stage IN ('rule', 'embedding', 'llm', 'human', 'none')),
    confidence double precision CHECK (confidence BETWEEN 0 AND 1),
    status text NOT NULL CHECK (status IN ('classified', 'pending_review', 'approved', 'overridden')),
    rule_id uuid,
    rule_version integer,
    rule_set_version bigint,
    receipt json NOT NULL,
    decided_by json,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (record_id, id),
    CHECK ((stage = 'human') = (decided_by IS NOT NULL)),
    CHECK ((stage = 'human') = (sequence IS NULL))
);
-- Answers whether a label is in use.
CREATE INDEX decisions_label_id ON decisions (label_id) WHERE label_id IS NOT NULL;
CALL app_protect('decisions');
REVOKE UPDATE, DELETE ON decisions FROM verdict_app;
