-- Tenants that were deleted: how a service knows that what still comes of one is nobody's, and how far the removal of
-- its rows is. A row stays for good; it holds nothing of what the tenant had.
CREATE TABLE deleted_tenants (
    tenant_id uuid PRIMARY KEY,
    deleted_at timestamptz NOT NULL,
    -- The id of who did it.
    deleted_by text NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT now(),
    -- Rows removed so far, by all passes.
    removed bigint NOT NULL DEFAULT 0,
    -- Where the pass is: the table that it is in, and the page of one that is walked. Null before a pass.
    at_table text,
    at_page bigint NOT NULL DEFAULT 0,
    -- Whether the pass found anything.
    has_found boolean NOT NULL DEFAULT false,
    -- When to go on, or to look again for what came late; null once it is looked for no more.
    due_at timestamptz,
    -- When a whole pass found nothing for the first time.
    emptied_at timestamptz
);
CREATE INDEX deleted_tenants_due ON deleted_tenants (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deleted_tenants_heard ON deleted_tenants (heard_at);
CALL app_protect('deleted_tenants');
REVOKE DELETE ON deleted_tenants FROM verdict_app;

-- The tables that hold rows of tenants, each before those that it refers to, and whether an index leads to a tenant's
-- rows. Read from the catalogue, so that no table which is added is forgotten. Events that wait to be told are left out:
-- they go by themselves.
CREATE FUNCTION tenant_tables() RETURNS TABLE (name text, is_indexed boolean) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE holding AS (
        SELECT c.oid, c.relname::text AS name, a.attnum
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
          AND c.relname NOT IN ('deleted_tenants', 'outbox')
    ), reached AS (
        SELECT oid, 0 AS depth FROM holding
        UNION ALL
        SELECT k.conrelid, r.depth + 1
        FROM reached r JOIN pg_constraint k ON k.confrelid = r.oid AND k.contype = 'f' AND k.conrelid <> k.confrelid
        WHERE r.depth < 32
    )
    SELECT h.name, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = h.oid AND i.indkey[0] = h.attnum
                                                    AND i.indpred IS NULL AND i.indisvalid)
    FROM holding h JOIN reached r USING (oid)
    GROUP BY h.oid, h.name, h.attnum ORDER BY max(r.depth) DESC, h.name
$$;

-- Removes some rows of a deleted tenant from a table: `most` of those that an index leads to, or those of `pages` pages
-- of a table that has no such index, since one would cost every record an entry. Gives the page to go on at; null when
-- the table is through, and no row at all when another table still refers to what was to go.
-- It is the owner's, since the application's role may not remove what is only ever appended to; and it asks for the
-- tombstone, so that nobody's rows go by a slip.
CREATE FUNCTION remove_tenant_rows(gone uuid, relation text, page bigint, pages bigint, most bigint)
RETURNS TABLE (removed bigint, next_page bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    leads boolean;
BEGIN
    PERFORM FROM deleted_tenants d WHERE d.tenant_id = gone;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant % is not deleted', gone;
    END IF;
    SELECT t.is_indexed INTO leads FROM tenant_tables() t WHERE t.name = relation;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % holds no rows of tenants', relation;
    END IF;
    IF leads THEN
        EXECUTE format('DELETE FROM %1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$I WHERE tenant_id = $1 LIMIT $2))',
                       relation) USING gone, most;
        GET DIAGNOSTICS removed = ROW_COUNT;
        next_page := CASE WHEN removed = most THEN 0 END;
    ELSE
        EXECUTE format('DELETE FROM %I WHERE ctid >= $2 AND ctid < $3 AND tenant_id = $1', relation)
            USING gone, format('(%s,0)', page)::tid, format('(%s,0)', page + pages)::tid;
        GET DIAGNOSTICS removed = ROW_COUNT;
        next_page := CASE WHEN page + pages < pg_relation_size(quote_ident(relation)::regclass)
                               / current_setting('block_size')::bigint THEN page + pages END;
    END IF;
    RETURN NEXT;
EXCEPTION WHEN foreign_key_violation THEN
    RETURN;
END
$$;
REVOKE ALL ON FUNCTION remove_tenant_rows(uuid, text, bigint, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_tenant_rows(uuid, text, bigint, bigint, bigint) TO verdict_app;
