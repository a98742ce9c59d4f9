-- What is learnt from people: vectors, exemplars, and the models fitted to them.

-- Vectors of records, each good for one embedding model and one text.
CREATE TABLE embeddings (
    record_id uuid NOT NULL,
    model_id text NOT NULL,
    tenant_id uuid NOT NULL,
    text_hash bytea NOT NULL,
    -- 32-bit floats, little-endian.
    vector bytea NOT NULL,
    -- Hashes of the text's words, 32-bit, little-endian: the text itself is not kept a second time.
    words bytea NOT NULL,
    embedded_at timestamptz NOT NULL,
    PRIMARY KEY (record_id, model_id)
);
CREATE INDEX embeddings_newest ON embeddings (tenant_id, model_id, embedded_at);
CALL app_protect('embeddings');

-- Vectors of what labels say of themselves.
CREATE TABLE label_embeddings (
    tenant_id uuid NOT NULL,
    model_id text NOT NULL,
    text_hash bytea NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (tenant_id, model_id, text_hash)
);
CALL app_protect('label_embeddings');

-- A tenant's memory. The row's lock puts what is learnt in one order, so that who has read up to a version has all.
CREATE TABLE memory_heads (
    tenant_id uuid PRIMARY KEY,
    -- The newest entry of `exemplar_changes`.
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    -- Whether decisions from before this table have been taken in.
    is_complete boolean NOT NULL DEFAULT false,
    -- Up to which version, and by which model, exemplars are known to have vectors.
    embedded_version bigint NOT NULL DEFAULT -1,
    embedded_model text,
    -- Keeps senders from choosing ids that are never audited.
    audit_salt uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Who fits the model now.
    fit_lease uuid,
    fit_lease_until timestamptz
);
CALL app_protect('memory_heads');

-- What people's decisions taught, in order: a label, or none when the decision was taken back. Only ever appended to, so
-- that the memory of any version can be had again.
CREATE TABLE exemplar_changes (
    tenant_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    record_id uuid NOT NULL,
    label_id uuid,
    decision_id uuid,
    -- The embedding model whose vector the record had by then.
    model_id text,
    PRIMARY KEY (tenant_id, version)
);
CREATE INDEX exemplar_changes_latest ON exemplar_changes (record_id, version DESC);
CALL app_protect('exemplar_changes');
REVOKE UPDATE, DELETE ON exemplar_changes FROM verdict_app;

-- The fitted model and the thresholds at each version; the newest decides.
CREATE TABLE tenant_models (
    tenant_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    embedding_model text NOT NULL,
    -- What it was fitted to.
    memory_version bigint NOT NULL,
    exemplars integer NOT NULL,
    -- The labels by their numbers, and what tells that they are the present ones.
    labels uuid[] NOT NULL,
    labels_changed_at timestamptz,
    head_version text NOT NULL,
    head json NOT NULL,
    -- What was inferred of undecided records.
    inferred json NOT NULL,
    policy json NOT NULL,
    fitted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, version)
);
CALL app_protect('tenant_models');
REVOKE UPDATE ON tenant_models FROM verdict_app;

-- What the model said of a record before anything was learnt from it: what thresholds are proven with, once a person
-- has decided the record.
CREATE TABLE scored_decisions (
    record_id uuid PRIMARY KEY,
    decision_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    embedding_model text NOT NULL,
    model_version bigint NOT NULL,
    memory_version bigint NOT NULL,
    label_id uuid NOT NULL,
    score double precision NOT NULL,
    confidence double precision NOT NULL,
    margin double precision NOT NULL,
    similarity double precision NOT NULL,
    familiarity double precision NOT NULL,
    -- The likeliest labels, and how likely each was said to be.
    candidates json NOT NULL,
    -- Whether it was good enough to stand, whether it was looked at all the same, and the chance that it would be.
    is_accepted boolean NOT NULL,
    is_audited boolean NOT NULL,
    propensity double precision NOT NULL CHECK (propensity > 0 AND propensity <= 1),
    scored_at timestamptz NOT NULL
);
CREATE INDEX scored_decisions_newest ON scored_decisions (tenant_id, embedding_model, scored_at);
CALL app_protect('scored_decisions');
