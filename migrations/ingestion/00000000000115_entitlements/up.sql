-- What tenants may do, as billing last told, and how much of it they used.

CREATE TABLE entitlements (
    tenant_id uuid PRIMARY KEY,
    plan text NOT NULL,
    status text NOT NULL,
    access text NOT NULL CHECK (access IN ('full', 'read_only')),
    reason text,
    grace_ends_at timestamptz,
    -- Null without a limit.
    records_soft bigint,
    records_hard bigint,
    integrations bigint,
    timezone text NOT NULL,
    version integer NOT NULL
);
CALL app_protect('entitlements');

-- Records taken in, by calendar month of the tenant. Several rows a month, so that two commits of one tenant's records
-- seldom wait for each other; the sum counts.
CREATE TABLE record_quota (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    slot smallint NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (tenant_id, month, slot)
) WITH (fillfactor = 50);
CALL app_protect('record_quota');

-- The first day of the month that a time falls into there. A zone that this server does not know is UTC: nobody's
-- records may be refused for the want of a name.
CREATE FUNCTION quota_month(at timestamptz, zone text) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN date_trunc('month', at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN date_trunc('month', at AT TIME ZONE 'UTC')::date;
END
$$;

-- When the month after it begins there.
CREATE FUNCTION quota_resets_at(month date, zone text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (month + interval '1 month') AT TIME ZONE zone;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (month + interval '1 month') AT TIME ZONE 'UTC';
END
$$;

-- Counts what was just stored, in its transaction. What is held counts when it is released.
CREATE FUNCTION count_records() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_quota AS known (tenant_id, month, slot, records)
    SELECT fresh.tenant_id, quota_month(min(fresh.received_at), coalesce(min(e.timezone), 'UTC')),
           (pg_backend_pid() & 31)::smallint, count(*)
    FROM stored AS fresh LEFT JOIN entitlements e ON e.tenant_id = fresh.tenant_id
    WHERE fresh.status <> 'held'
    GROUP BY fresh.tenant_id ORDER BY fresh.tenant_id
    ON CONFLICT (tenant_id, month, slot) DO UPDATE SET records = known.records + excluded.records;
    RETURN NULL;
END
$$;

CREATE TRIGGER records_count AFTER INSERT ON records REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION count_records();
