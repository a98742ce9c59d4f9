-- Two more operations: a mapping applied to what a source delivered before, and a replay of what was rejected.

ALTER TABLE operations
    -- The source whose deliveries it is about; null for acts on records of any source.
    ADD COLUMN integration_id uuid,
    DROP CONSTRAINT operations_action_check,
    DROP CONSTRAINT operations_reverted_action_check;
ALTER TABLE operations
    ADD CONSTRAINT operations_action_check
        CHECK (action IN ('archive', 'restore', 'reprocess', 'relabel', 'remap', 'replay', 'revert')),
    ADD CONSTRAINT operations_reverted_action_check
        CHECK (reverted_action IN ('archive', 'restore', 'reprocess', 'relabel', 'remap'));

-- The items of a replay are deliveries, which have no record yet: record_id holds the delivery's id there.
ALTER TABLE operation_items
    -- What a replayed delivery made, or the record of its first receipt.
    ADD COLUMN made_record_id uuid,
    -- The normalised form that a mapping replaced: what a revert gives back.
    ADD COLUMN before json;

ALTER TABLE record_history DROP CONSTRAINT record_history_action_check;
ALTER TABLE record_history ADD CONSTRAINT record_history_action_check
    CHECK (action IN ('decided', 'archived', 'restored', 'reprocess_requested', 'raw_expunged', 'remapped'));

-- Takes in the words of records of the transaction's tenants anew, where the lists have them already.
CREATE FUNCTION record_words_replace(ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE record_words w SET words = to_tsvector('simple', concat_ws(' ', r.title, r.text, r.counterparty, r.external_id))
    FROM records r
    WHERE w.record_id = r.id AND r.id = ANY (ids) AND r.tenant_id = ANY (app_tenants()) AND w.owner = r.tenant_id
$$;
REVOKE ALL ON FUNCTION record_words_replace(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_words_replace(uuid[]) TO verdict_app;
