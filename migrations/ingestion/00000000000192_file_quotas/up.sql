-- How many bytes of files a tenant has, and for how many days its plan lets it keep raw forms.

ALTER TABLE entitlements
    -- Null without a limit.
    ADD COLUMN file_bytes bigint,
    ADD COLUMN retention_days integer;

-- What its files come to, each by its own size, whether or not others have the same bytes.
CREATE TABLE file_usage (
    tenant_id uuid PRIMARY KEY,
    bytes bigint NOT NULL,
    files bigint NOT NULL
) WITH (fillfactor = 50);
CALL app_protect('file_usage');

-- Counts in the transaction that stores or deletes.
CREATE FUNCTION count_files() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO file_usage AS known (tenant_id, bytes, files)
    SELECT c.tenant_id, sign * sum(b.size), sign * count(*) FROM changed c JOIN blobs b ON b.id = c.blob_id
    GROUP BY c.tenant_id ORDER BY c.tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET bytes = known.bytes + excluded.bytes, files = known.files + excluded.files;
    RETURN NULL;
END
$$;
-- Nothing may come between the count of what is there and of what is added.
LOCK TABLE files IN SHARE ROW EXCLUSIVE MODE;
SELECT set_config('app.scope', 'system', true);
INSERT INTO file_usage (tenant_id, bytes, files)
SELECT f.tenant_id, sum(b.size), count(*) FROM files f JOIN blobs b ON b.id = f.blob_id GROUP BY f.tenant_id;
CREATE TRIGGER files_count_stored AFTER INSERT ON files REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_files();
CREATE TRIGGER files_count_deleted AFTER DELETE ON files REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_files();

-- The plan's days are an upper bound of those that the tenant asks for.
ALTER TABLE retentions
    ADD COLUMN plan_days integer CHECK (plan_days > 0),
    -- A tighter bound counts from then on, so that nobody loses at once what a plan let them keep.
    ADD COLUMN next_plan_days integer CHECK (next_plan_days > 0),
    ADD COLUMN next_plan_at timestamptz,
    -- What counts: the smaller of the two; null keeps raw forms for good.
    ADD COLUMN kept_days integer GENERATED ALWAYS AS (least(days, plan_days)) STORED,
    ADD CHECK ((next_plan_days IS NULL) = (next_plan_at IS NULL));
CREATE INDEX retentions_kept ON retentions (tenant_id) WHERE kept_days IS NOT NULL;
CREATE INDEX retentions_next ON retentions (next_plan_at) WHERE next_plan_at IS NOT NULL;
