-- Removes up to so many words of a deleted tenant; the application's role has no right on them.
CREATE FUNCTION record_words_remove(gone uuid, most bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH removed AS (
        DELETE FROM record_words WHERE record_id = ANY (ARRAY(
            SELECT record_id FROM record_words WHERE owner = gone LIMIT most))
          AND EXISTS (SELECT FROM deleted_tenants d WHERE d.tenant_id = gone)
        RETURNING 1)
    SELECT count(*) FROM removed
$$;
REVOKE ALL ON FUNCTION record_words_remove(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_words_remove(uuid, bigint) TO verdict_app;
