-- Fills two tenants alike, one with :small records and one with :large: psql -v small_tenant=… -v large_tenant=…
-- Straight into the tables that lists read, as the service's statements would leave them.
\set ON_ERROR_STOP 1
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
SET work_mem = '64MB';
SET jit = off;

-- A made-up vocabulary whose words are as uneven as a language's. One per row, so that random() is drawn for each.
CREATE TEMP TABLE made AS
SELECT gen_random_uuid() AS id, tenant, n, timestamptz '2026-01-01' + (n * spread) * interval '1 second' AS received_at,
       concat_ws(' ', 'common', CASE WHEN n % 100 = 0 THEN 'percent' END, CASE WHEN n % 300 = 0 THEN 'third' END,
                 CASE WHEN n % 1000 = 0 THEN 'sparse' END, CASE WHEN n % 5000 = 7 THEN 'needle' END,
                 (SELECT string_agg('word' || (20000 * power(random(), 4))::int, ' ')
                  FROM generate_series(1, 20) WHERE n = n)) AS text,
       CASE WHEN n % 5000 = 11 THEN 'failed' WHEN n % 100 = 3 THEN 'overridden' WHEN n % 9 = 0 THEN 'approved'
            WHEN n % 3 = 1 THEN 'pending_review' ELSE 'classified' END AS status,
       -- Thirty labels, the first in half of the records; one that is rare, one in a hundred.
       CASE WHEN n % 5000 = 13 THEN 'rare' WHEN n % 100 = 17 THEN 'percent' ELSE 'label' || (30 * power(random(), 3))::int END AS label,
       CASE WHEN n % 100 = 3 OR n % 9 = 0 THEN 'human' WHEN n % 5000 = 13 THEN 'llm' WHEN n % 4 = 0 THEN 'embedding' ELSE 'rule' END AS stage,
       CASE WHEN n % 5000 = 19 THEN 0.111 ELSE 0.5 + (n % 50) / 100.0 END AS confidence,
       CASE WHEN n % 5000 = 23 THEN 'rare' WHEN n % 100 = 29 THEN 'percent' ELSE 'api' END AS source
FROM (SELECT :'large_tenant'::uuid AS tenant, n, 1.0 AS spread FROM generate_series(1, :large) n
      UNION ALL SELECT :'small_tenant'::uuid, n, 100.0 FROM generate_series(1, :small) n) AS both_tenants;

INSERT INTO records (id, tenant_id, external_id, source, text, attributes, status, label, stage, confidence, received_at, updated_at)
SELECT id, tenant, 'e-' || n, source, text, '{}', status, label, stage, confidence, received_at, received_at
FROM made ORDER BY received_at;
INSERT INTO record_facets (record_id, tenant_id, received_at, version, status, label, stage, confidence, source, integration_id)
SELECT id, tenant, received_at, 1, status, label, stage, confidence, source, NULL FROM made ORDER BY received_at;
INSERT INTO record_history (record_id, version, tenant_id, action, status, label, stage, confidence, actor, by_person, at)
SELECT id, 2, tenant, 'decided', status, label, stage, confidence, '{"kind":"service","id":"processing"}', false, received_at
FROM made ORDER BY received_at;
-- One building of the index costs a fraction of a million insertions.
DROP INDEX record_words_search;
INSERT INTO record_words SELECT id, tenant, received_at, to_tsvector('simple', concat_ws(' ', text, 'e-' || n))
FROM made ORDER BY received_at;
CREATE INDEX record_words_search ON record_words USING gin (owner, words) WITH (gin_pending_list_limit = 512);
VACUUM (ANALYZE) records, record_facets, record_history, record_words;
