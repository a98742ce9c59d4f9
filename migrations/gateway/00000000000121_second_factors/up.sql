-- A person's time-based codes (RFC 6238): one secret, in all of their tenants, so no tenant_id.
CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    -- Sealed for this user.
    secret_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- Null until the first code proved that the person has the secret.
    confirmed_at timestamptz,
    -- The step of the last code that was taken: it and those before it are never taken again.
    last_step bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors TO verdict_app;

-- Codes for who lost their device. Hashes of 80 random bits; no tenant_id for the same reason.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users (id),
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes TO verdict_app;

-- When the session showed a second factor, or its predecessor did.
ALTER TABLE sessions ADD COLUMN second_factor_at timestamptz;
