-- What lists of records are narrowed and searched by, beside the records: ADR 0014.
--
-- records keeps to the indexes that no decision touches, so that its updates stay HOT and a webhook's answer waits for
-- none of this. These two tables are written in the batches of the consumers, some 100 ms behind the answer.

-- A record's filterable state. Rows follow records by `version`; each filter has an index in the list's own order, so
-- that a page costs the same however many records there are.
CREATE TABLE record_facets (
    record_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    label text,
    stage text NOT NULL,
    confidence double precision,
    -- Hundredths of the confidence, so that a range of it is at most 101 walks in the list's order.
    confidence_step smallint GENERATED ALWAYS AS (floor(confidence * 100)) STORED,
    source text NOT NULL,
    integration_id uuid
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX record_facets_status ON record_facets (tenant_id, status, received_at, record_id);
CREATE INDEX record_facets_label ON record_facets (tenant_id, label, received_at, record_id) WHERE label IS NOT NULL;
CREATE INDEX record_facets_stage ON record_facets (tenant_id, stage, received_at, record_id);
CREATE INDEX record_facets_source ON record_facets (tenant_id, source, received_at, record_id);
CREATE INDEX record_facets_integration ON record_facets (tenant_id, integration_id, received_at, record_id)
    WHERE integration_id IS NOT NULL;
CREATE INDEX record_facets_confidence ON record_facets (tenant_id, confidence_step, received_at, record_id, confidence)
    WHERE confidence_step IS NOT NULL;
CALL app_protect('record_facets');

-- The words of each record, for `q`. Under row-level security PostgreSQL never searches a full-text index: @@ is not
-- leakproof, so it runs only on rows that the policy let through one by one. So this table has no policy, and instead
-- the application's role has no right on it at all: it reaches it through the two functions below, which take the
-- tenant from the transaction's own scope and give back ids only. What they give is read under the policy of records.
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE TABLE record_words (
    record_id uuid PRIMARY KEY,
    -- The tenant's id, under a name that says that no policy reads it.
    owner uuid NOT NULL,
    received_at timestamptz NOT NULL,
    words tsvector NOT NULL
);
ALTER TABLE record_words ALTER COLUMN words SET COMPRESSION lz4;
CREATE INDEX record_words_newest ON record_words (owner, received_at, record_id);
-- The pending list is kept short, because every search reads all of it.
CREATE INDEX record_words_search ON record_words USING gin (owner, words) WITH (gin_pending_list_limit = 512);

-- Takes in the words of records of the transaction's tenants; of records that are in already, nothing.
CREATE FUNCTION record_words_add(ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO record_words (record_id, owner, received_at, words)
    SELECT id, tenant_id, received_at,
           to_tsvector('simple', concat_ws(' ', title, text, counterparty, external_id))
    FROM records WHERE id = ANY (ids) AND tenant_id = ANY (app_tenants())
    ORDER BY id
    ON CONFLICT (record_id) DO NOTHING
$$;

-- Up to `most` records of the transaction's tenant that match, newest first, below (`before_at`, `before_id`).
--
-- A frequent word is found by reading the newest 20,000 records, a rare one by its index; neither grows with the tenant.
-- In between, what the index finds is sorted. A reading that fills the page is not repeated by the index.
CREATE FUNCTION record_words_find(
    q text, since timestamptz, before_at timestamptz, before_id uuid, most integer)
RETURNS TABLE (record_id uuid, received_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    wanted tsquery := websearch_to_tsquery('simple', q);
    scope uuid := (app_tenants())[1];
    found integer;
BEGIN
    IF numnode(wanted) = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT w.record_id, w.received_at FROM (
            SELECT n.record_id, n.received_at, n.words FROM record_words n
            WHERE n.owner = scope AND n.received_at >= since AND n.received_at <= before_at
              AND (n.received_at < before_at OR n.record_id < before_id)
            ORDER BY n.received_at DESC, n.record_id DESC LIMIT 20000) w
        WHERE w.words @@ wanted ORDER BY w.received_at DESC, w.record_id DESC LIMIT most;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found >= most THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT w.record_id, w.received_at FROM (
            SELECT m.record_id, m.received_at FROM record_words m WHERE m.owner = scope AND m.words @@ wanted OFFSET 0) w
        WHERE w.received_at >= since AND w.received_at <= before_at
          AND (w.received_at < before_at OR w.record_id < before_id)
        ORDER BY w.received_at DESC, w.record_id DESC OFFSET found LIMIT most - found;
END
$$;
REVOKE ALL ON FUNCTION record_words_add(uuid[]), record_words_find(text, timestamptz, timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_words_add(uuid[]), record_words_find(text, timestamptz, timestamptz, uuid, integer)
    TO verdict_app;

-- Records that were there before this migration, of every tenant.
SELECT set_config('app.scope', 'system', true);
INSERT INTO record_facets (record_id, tenant_id, received_at, version, status, label, stage, confidence, source, integration_id)
SELECT id, tenant_id, received_at, version, status, label, stage, confidence, source, integration_id FROM records;
INSERT INTO record_words (record_id, owner, received_at, words)
SELECT id, tenant_id, received_at, to_tsvector('simple', concat_ws(' ', title, text, counterparty, external_id)) FROM records;
SELECT set_config('app.scope', '', true);
