-- Sources that are asked: OAuth 2.0 connections, where each pull stands, and every run of it.

-- An authorisation under way. Taken, and so deleted, by the first callback that names it.
CREATE TABLE oauth_states (
    -- SHA-256 of the state parameter.
    state_hash bytea PRIMARY KEY,
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    -- The PKCE verifier, sealed under '{tenant}/{integration}/oauth-verifier'.
    verifier_sealed bytea NOT NULL,
    -- The client's secret that the exchange will use; null for a public client.
    client_secret_sealed bytea,
    -- Who began it.
    actor json NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX oauth_states_integration ON oauth_states (integration_id);
CREATE INDEX oauth_states_expiry ON oauth_states (expires_at);
CALL app_protect('oauth_states');

-- What a provider granted. Locked while it is refreshed, so that replicas refresh once.
CREATE TABLE oauth_tokens (
    integration_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('connected', 'needs_reconnect', 'disconnected')),
    -- Sealed under '{tenant}/{integration}/oauth-client'.
    client_secret_sealed bytea,
    -- Access and refresh token as JSON, sealed under '{tenant}/{integration}/oauth-tokens'.
    tokens_sealed bytea,
    scope text,
    expires_at timestamptz,
    -- Why a reconnection is needed.
    error text,
    connected_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CALL app_protect('oauth_tokens');

-- Where a pull stands. The cursor moves in the transaction that stores its page.
CREATE TABLE pull_states (
    integration_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    -- What the next page is asked for by; null for the first.
    cursor text,
    due_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    -- Who pulls. A lease that ran out may be taken, and its former holder commits nothing any more.
    lease_id uuid,
    leased_until timestamptz
);
CREATE INDEX pull_states_due ON pull_states (due_at);
CALL app_protect('pull_states');

CREATE TABLE sync_runs (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    cause text NOT NULL CHECK (cause IN ('schedule', 'request', 'connection')),
    status text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'stopped')),
    pages integer NOT NULL DEFAULT 0,
    records integer NOT NULL DEFAULT 0,
    duplicates integer NOT NULL DEFAULT 0,
    -- The last thing that went wrong; kept while it is tried again.
    error text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz
);
CREATE UNIQUE INDEX sync_runs_live ON sync_runs (integration_id) WHERE status IN ('queued', 'running');
CREATE INDEX sync_runs_list ON sync_runs (integration_id, id);
CALL app_protect('sync_runs');
