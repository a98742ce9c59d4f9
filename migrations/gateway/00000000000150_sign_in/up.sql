-- Sign-in with OpenID Connect: a tenant's provider, who is who there, and sign-ins under way.

CREATE TABLE sign_in_providers (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    issuer text NOT NULL,
    client_id text NOT NULL,
    -- Sealed for this tenant.
    client_secret_sealed bytea NOT NULL,
    default_role text NOT NULL CHECK (default_role IN ('owner', 'admin', 'reviewer', 'analyst')),
    second_factor text NOT NULL CHECK (second_factor IN ('provider', 'claim')),
    session_hours integer NOT NULL CHECK (session_hours BETWEEN 1 AND 720),
    enabled boolean NOT NULL,
    required boolean NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CALL app_protect('sign_in_providers');

-- Whose e-mail addresses may come in through the tenant's provider. Several tenants may name the same domain: it says
-- who may enter this one, and nothing about any other.
CREATE TABLE sign_in_domains (
    tenant_id uuid NOT NULL REFERENCES sign_in_providers (tenant_id) ON DELETE CASCADE,
    domain text NOT NULL CHECK (domain = lower(domain)),
    -- What the domain's TXT record must hold. No secret: it is published.
    challenge text NOT NULL,
    -- Null until the record was found; nobody is let in or sent here by the domain before.
    proven_at timestamptz,
    PRIMARY KEY (tenant_id, domain)
);
CREATE INDEX sign_in_domains_domain ON sign_in_domains (domain) WHERE proven_at IS NOT NULL;
CALL app_protect('sign_in_domains');

-- Which account somebody at a provider is, in this tenant and no other. Kept when the person is a member no more, so
-- that signing in again does not undo their removal.
CREATE TABLE sign_in_identities (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, issuer, subject),
    UNIQUE (tenant_id, issuer, user_id)
);
CREATE INDEX sign_in_identities_user ON sign_in_identities (user_id);
CALL app_protect('sign_in_identities');

-- Sign-ins that a browser was sent away for. A row is deleted by the answer that it waits for.
CREATE TABLE sign_in_flows (
    state_hash bytea PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    -- The hash of what only the browser has that began.
    browser_hash bytea NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    -- The PKCE verifier and the nonce, sealed for this flow.
    secrets_sealed bytea NOT NULL,
    -- The signed-in person who links their account, if that is what it is for.
    linking_user uuid REFERENCES users (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_flows_expiry ON sign_in_flows (expires_at);
CREATE INDEX sign_in_flows_tenant ON sign_in_flows (tenant_id);
CREATE INDEX sign_in_flows_linking_user ON sign_in_flows (linking_user);
CALL app_protect('sign_in_flows');

-- Opened by the tenant's provider: it reaches nothing of its person's outside of the tenant.
ALTER TABLE sessions ADD COLUMN confined boolean NOT NULL DEFAULT false;
ALTER TABLE sessions DROP CONSTRAINT sessions_revoked_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoked_reason_check CHECK (revoked_reason IN (
    'logout', 'revoked', 'token_reused', 'member_removed', 'password_changed', 'sign_in_changed', 'tenant_deleted'));

-- What is asked of sessions changes on every replica at once.
CREATE FUNCTION forget_tenant_of_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('gateway_credentials', 'tenant:' || OLD.tenant_id);
    ELSE
        PERFORM pg_notify('gateway_credentials', 'tenant:' || NEW.tenant_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER sign_in_providers_forget AFTER INSERT OR UPDATE OR DELETE ON sign_in_providers
    FOR EACH ROW EXECUTE FUNCTION forget_tenant_of_provider();
