-- Lists that are narrowed by two things or more: ADR 0026.
--
-- The status stands between the other filter and the time, so that a status together with a label, a stage or a source
-- is one short walk; without a status the statement walks each of the nine by itself. What else a list may ask is in
-- the entry too, so that a walk which finds little never leaves the index. A record costs as many entries as before.
-- An index of this service may be replaced at once: older processes go on, only slower.
CREATE INDEX record_facets_by_status ON record_facets (tenant_id, status, received_at, record_id) INCLUDE (confidence);
CREATE INDEX record_facets_by_label ON record_facets (tenant_id, label, status, received_at, record_id)
    INCLUDE (stage, source, confidence) WHERE label IS NOT NULL;
CREATE INDEX record_facets_by_stage ON record_facets (tenant_id, stage, status, received_at, record_id)
    INCLUDE (label, source, confidence);
CREATE INDEX record_facets_by_source ON record_facets (tenant_id, source, status, received_at, record_id)
    INCLUDE (label, stage, confidence);
CREATE INDEX record_facets_by_integration ON record_facets (tenant_id, integration_id, status, received_at, record_id)
    INCLUDE (label, stage, confidence) WHERE integration_id IS NOT NULL;
DROP INDEX record_facets_status, record_facets_label, record_facets_stage, record_facets_source,
    record_facets_integration;

-- Those of the records of the transaction's tenant that match, newest first: for a search among few.
CREATE FUNCTION record_words_among(q text, ids uuid[]) RETURNS TABLE (record_id uuid, received_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.record_id, w.received_at FROM record_words w
    WHERE w.record_id = ANY (ids) AND w.owner = ANY (app_tenants())
      AND numnode(websearch_to_tsquery('simple', q)) > 0 AND w.words @@ websearch_to_tsquery('simple', q)
    ORDER BY w.received_at DESC, w.record_id DESC
$$;
REVOKE ALL ON FUNCTION record_words_among(text, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_words_among(text, uuid[]) TO verdict_app;
