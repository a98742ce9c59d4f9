DROP FUNCTION record_words_among(text, uuid[]);
CREATE INDEX record_facets_status ON record_facets (tenant_id, status, received_at, record_id);
CREATE INDEX record_facets_label ON record_facets (tenant_id, label, received_at, record_id) WHERE label IS NOT NULL;
CREATE INDEX record_facets_stage ON record_facets (tenant_id, stage, received_at, record_id);
CREATE INDEX record_facets_source ON record_facets (tenant_id, source, received_at, record_id);
CREATE INDEX record_facets_integration ON record_facets (tenant_id, integration_id, received_at, record_id)
    WHERE integration_id IS NOT NULL;
DROP INDEX record_facets_by_status, record_facets_by_label, record_facets_by_stage, record_facets_by_source,
    record_facets_by_integration;
