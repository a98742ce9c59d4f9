-- Rules on trial, value lists, and proposals that were dismissed.

ALTER TABLE rules DROP CONSTRAINT rules_origin_check,
    ADD CONSTRAINT rules_origin_check CHECK (origin IN ('manual', 'override', 'proposal', 'import'));
ALTER TABLE rule_versions DROP CONSTRAINT rule_versions_origin_check,
    ADD CONSTRAINT rule_versions_origin_check CHECK (origin IN ('manual', 'override', 'proposal', 'import'));

-- Where a rule in shadow would have matched. A miss leaves no row, so that a trial costs what it finds.
CREATE TABLE shadow_matches (
    rule_id uuid NOT NULL,
    rule_version integer NOT NULL CHECK (rule_version > 0),
    record_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    -- The name of the label that it would have given.
    label text NOT NULL,
    -- Whether it would have been the first to match.
    would_decide boolean NOT NULL,
    matched_at timestamptz NOT NULL,
    PRIMARY KEY (rule_id, rule_version, record_id)
);
CALL app_protect('shadow_matches');

-- Named sets of texts for conditions: `record.counterparty in lists.travel`.
CREATE TABLE value_lists (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name text NOT NULL CHECK (name ~ '^[A-Za-z_][A-Za-z0-9_]*$'),
    description text NOT NULL,
    "values" text[] NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT value_lists_name_unique UNIQUE (tenant_id, name)
);
CREATE INDEX value_lists_newest ON value_lists (tenant_id, id);
CALL app_protect('value_lists');

-- Every version of every list, since a rule set names the ones it was made with. Only ever appended to.
CREATE TABLE value_list_versions (
    list_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    "values" text[] NOT NULL,
    changed_by json NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (list_id, version)
);
CALL app_protect('value_list_versions');
REVOKE UPDATE, DELETE ON value_list_versions FROM verdict_app;

-- The lists in force at each version of the rule set: id, version and name.
ALTER TABLE rule_sets ADD COLUMN lists json NOT NULL DEFAULT '[]';

-- Proposals that nobody wants to see again. What is proposed is worked out anew from people's decisions, so only
-- the answers are kept.
CREATE TABLE dismissed_proposals (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    condition text NOT NULL,
    label_id uuid NOT NULL,
    dismissed_by json NOT NULL,
    dismissed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CALL app_protect('dismissed_proposals');
