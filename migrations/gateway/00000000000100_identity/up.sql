-- Who may sign in, into which tenants, and with what.

-- A person, in any number of tenants: no tenant_id, and so no tenant scope. Reached only by e-mail address at
-- sign-in, by the id in a verified token, or through a membership, which is scoped.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (email = btrim(email)),
    name text NOT NULL,
    password_hash text NOT NULL,
    last_tenant_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
);
GRANT SELECT, INSERT, UPDATE ON users TO verdict_app;

-- The tenant's own id is its scope.
CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    timezone text NOT NULL,
    settings json NOT NULL,
    plan text NOT NULL DEFAULT 'free',
    -- The event that set the plan; an older one that comes later changes nothing.
    plan_set_at timestamptz,
    plan_set_by uuid,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON tenants USING (id = ANY (app_tenants()) OR app_is_system())
    WITH CHECK (id = ANY (app_tenants()) OR app_is_system());
GRANT SELECT, INSERT, UPDATE ON tenants TO verdict_app;

CREATE TABLE memberships (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'reviewer', 'analyst')),
    version integer NOT NULL DEFAULT 1,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
CREATE INDEX memberships_newest ON memberships (tenant_id, joined_at DESC, user_id DESC);
CALL app_protect('memberships');

-- A sign-in: the family of its refresh tokens.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    user_id uuid NOT NULL REFERENCES users (id),
    user_agent text,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text CHECK (revoked_reason IN ('logout', 'revoked', 'token_reused', 'member_removed')),
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX sessions_tenant_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_user_newest ON sessions (user_id, id DESC) WHERE revoked_at IS NULL;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CALL app_protect('sessions');

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY,
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    successor_hash bytea,
    -- The successor itself, sealed: a client whose answer got lost asks again with this token and must get the
    -- same successor. Emptied when the successor is used.
    successor_sealed bytea,
    CHECK ((used_at IS NULL) = (successor_hash IS NULL))
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CALL app_protect('refresh_tokens');

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'reviewer', 'analyst', 'agent')),
    scopes text[],
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_newest ON api_keys (tenant_id, id DESC) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_tenant ON api_keys (tenant_id);
CALL app_protect('api_keys');

-- The keys that sign access tokens for all tenants: no tenant_id. The private half is sealed.
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public_key bytea NOT NULL,
    private_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON signing_keys TO verdict_app;
