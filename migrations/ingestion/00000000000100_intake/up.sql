-- Sources, what they delivered, and the records that came of it.
--
-- deliveries and records are written at every webhook, so each index and key here was weighed against its processor
-- time. They have no foreign keys: both rows of a webhook are written by one statement under ids made for the
-- purpose, nothing deletes them apart, and a key check would lock the integration's row once for every record.

CREATE TABLE integrations (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    provider text NOT NULL,
    name text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'paused')),
    config json NOT NULL,
    -- Null means the provider's default.
    mapping json,
    -- The shown secret, sealed under '{tenant}/{integration}/webhook'.
    secret_sealed bytea NOT NULL,
    -- Set when a paused source becomes active, until the records held for it are released.
    release_pending boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX integrations_name ON integrations (tenant_id, name) WHERE deleted_at IS NULL;
CREATE INDEX integrations_list ON integrations (tenant_id, id) WHERE deleted_at IS NULL;
CREATE INDEX integrations_release ON integrations (id) WHERE release_pending;
CALL app_protect('integrations');

-- Every receipt, as it came. Rows are written once; only the release of held ones changes an outcome.
CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'duplicate', 'rejected', 'held')),
    reason text,
    -- The provider's delivery id, or the digest of the body where it sends none.
    dedupe_key bytea,
    record_id uuid,
    headers json NOT NULL,
    body bytea NOT NULL,
    received_at timestamptz NOT NULL
);
-- lz4 packs a large body at a tenth of the processor time of the default.
ALTER TABLE deliveries ALTER COLUMN body SET COMPRESSION lz4;
ALTER TABLE deliveries ALTER COLUMN headers SET COMPRESSION lz4;
-- The same delivery makes one record, whatever races.
CREATE UNIQUE INDEX deliveries_dedupe ON deliveries (integration_id, dedupe_key) WHERE outcome IN ('accepted', 'held');
-- ids are UUIDv7, so this is newest first without a column more.
CREATE INDEX deliveries_list ON deliveries (integration_id, id);
-- What is to be released; empty while no source is paused.
CREATE INDEX deliveries_held ON deliveries (integration_id, id) WHERE outcome = 'held';
CALL app_protect('deliveries');

CREATE TABLE records (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    external_id text,
    source text NOT NULL,
    integration_id uuid,
    -- A webhook's record reads its raw form from here, so that no body is stored twice.
    delivery_id uuid,
    -- The JSON text that an API caller sent.
    raw bytea,
    title text,
    text text NOT NULL,
    amount numeric,
    currency text,
    counterparty text,
    occurred_at timestamptz,
    attributes json NOT NULL,
    status text NOT NULL CHECK (status IN ('ingested', 'processing', 'classified', 'pending_review', 'approved',
        'overridden', 'failed', 'archived', 'held')),
    label text,
    stage text NOT NULL DEFAULT 'none' CHECK (stage IN ('rule', 'embedding', 'llm', 'human', 'none')),
    confidence double precision,
    reasoning json,
    decision_id uuid,
    -- Counts machine decisions; kept from the last one taken over.
    decision_sequence integer,
    decided_by_human boolean NOT NULL DEFAULT false,
    decided_at timestamptz,
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
) WITH (
    -- Each record is updated once or twice soon after it came. With room on its page, and since no index names
    -- a column that changes, the update stays on the page and touches no index (HOT).
    fillfactor = 80
);
ALTER TABLE records ALTER COLUMN text SET COMPRESSION lz4;
ALTER TABLE records ALTER COLUMN raw SET COMPRESSION lz4;
-- Lists walk this newest first and filter as they go. status, label, stage and confidence have no index on purpose:
-- one of them would cost every record an index entry at each change, and would end HOT updates.
CREATE INDEX records_list ON records (tenant_id, received_at, id);
-- A record sent twice through the API is one record. A webhook's own id may come again (an issue edited twice), so
-- there it only finds; either way a record has at most one entry in these two.
CREATE UNIQUE INDEX records_submitted ON records (tenant_id, external_id, source)
    WHERE integration_id IS NULL AND external_id IS NOT NULL;
CREATE INDEX records_delivered ON records (tenant_id, external_id)
    WHERE integration_id IS NOT NULL AND external_id IS NOT NULL;
CALL app_protect('records');
