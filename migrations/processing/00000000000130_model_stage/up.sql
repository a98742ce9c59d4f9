-- The model stage: what tenants may spend and spent, answers given before, and what models can do.

-- What a tenant's plan allows, as billing last told.
CREATE TABLE entitlements (
    tenant_id uuid PRIMARY KEY,
    plan text NOT NULL,
    access text NOT NULL CHECK (access IN ('full', 'read_only')),
    -- Calls of a language model in a month; null without a limit.
    model_calls bigint,
    timezone text NOT NULL,
    version integer NOT NULL
);
CALL app_protect('entitlements');

-- The first day of the month that a time falls into there, as ingestion reckons it. A zone that this server does not
-- know is UTC.
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

-- Money in millionths of a unit, and calls, by calendar month of the tenant. What is set aside for calls under way counts
-- like what is spent; a process that dies leaves it set aside.
CREATE TABLE model_usage (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    spent bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    calls bigint NOT NULL DEFAULT 0 CHECK (calls >= 0),
    calls_reserved bigint NOT NULL DEFAULT 0 CHECK (calls_reserved >= 0),
    PRIMARY KEY (tenant_id, month)
) WITH (fillfactor = 50);
CALL app_protect('model_usage');

-- One row for each call under way; settling deletes it, so that it is settled once.
CREATE TABLE model_reservations (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    calls integer NOT NULL CHECK (calls >= 0),
    reserved_at timestamptz NOT NULL
);
CREATE INDEX model_reservations_reserved_at ON model_reservations (reserved_at);
CALL app_protect('model_reservations');

-- Answers that are given again. The digest is made over the tenant too.
CREATE TABLE model_answers (
    tenant_id uuid NOT NULL,
    digest bytea NOT NULL,
    answer json NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX model_answers_expires_at ON model_answers (expires_at);
CALL app_protect('model_answers');

-- What a model behind an endpoint can do, found out once. No tenant's: it is found out without a word of theirs.
CREATE TABLE model_capabilities (
    base_url text NOT NULL,
    model text NOT NULL,
    capabilities json NOT NULL,
    probed_at timestamptz NOT NULL,
    PRIMARY KEY (base_url, model)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON model_capabilities TO verdict_app;

-- Whether records may be sent to a language model at all.
ALTER TABLE processing_settings ADD COLUMN llm_disclosure text NOT NULL DEFAULT 'permitted'
    CHECK (llm_disclosure IN ('permitted', 'forbidden'));
