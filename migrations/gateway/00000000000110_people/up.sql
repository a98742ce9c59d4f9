-- Invites, mail, password resets, what a session is and who opened it, and credentials that end on every replica.

CREATE TABLE invites (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    email text NOT NULL CHECK (email = btrim(email)),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'reviewer', 'analyst')),
    -- The link that counts; former ones are in `invite_links`.
    token_hash bytea NOT NULL,
    -- A user or an API key: their going ends the invite.
    invited_by uuid NOT NULL,
    invited_by_name text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid REFERENCES users (id),
    revoked_at timestamptz,
    revoked_reason text CHECK (revoked_reason IN ('revoked', 'inviter_removed')),
    CHECK ((accepted_at IS NULL) = (accepted_by IS NULL)),
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
    CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE UNIQUE INDEX invites_open ON invites (tenant_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invites_newest ON invites (tenant_id, id DESC);
CREATE INDEX invites_accepted_by ON invites (accepted_by);
CREATE INDEX invites_invited_by ON invites (tenant_id, invited_by) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CALL app_protect('invites');

-- Every link that was ever mailed, so that an old one is told from a made-up one.
CREATE TABLE invite_links (
    token_hash bytea PRIMARY KEY,
    tenant_id uuid NOT NULL,
    invite_id uuid NOT NULL REFERENCES invites (id) ON DELETE CASCADE
);
CREATE INDEX invite_links_invite ON invite_links (invite_id);
CALL app_protect('invite_links');

-- Letters to mailboxes: no tenant_id, since a password reset belongs to a person and so to no tenant. Nobody reads
-- them through a call.
CREATE TABLE mails (
    id uuid PRIMARY KEY,
    recipient text NOT NULL,
    template text NOT NULL CHECK (template IN ('invite', 'password_reset', 'password_changed')),
    variables json NOT NULL,
    -- The token of its link; emptied when the mail is sent or given up.
    secret_sealed bytea,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    dead_at timestamptz,
    last_error text,
    CHECK (secret_sealed IS NULL OR (sent_at IS NULL AND dead_at IS NULL))
);
CREATE INDEX mails_due ON mails (due_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX mails_created ON mails (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON mails TO verdict_app;

-- Who asked for a new password: no tenant_id, since nobody has signed in yet. A worker finds out whether there is
-- such an account, so that the call takes the same time either way.
CREATE TABLE password_reset_requests (
    email text PRIMARY KEY,
    requested_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON password_reset_requests TO verdict_app;

-- The one link of a person that sets a new password: no tenant_id, as with users.
CREATE TABLE password_resets (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON password_resets TO verdict_app;

ALTER TABLE sessions ADD COLUMN opened_by uuid REFERENCES sessions (id) ON DELETE SET NULL;
CREATE INDEX sessions_opened_by ON sessions (opened_by);
ALTER TABLE sessions DROP CONSTRAINT sessions_revoked_reason_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoked_reason_check
    CHECK (revoked_reason IN ('logout', 'revoked', 'token_reused', 'member_removed', 'password_changed'));

-- Each replica of the gateway remembers credentials for a moment, and listens here to forget them at once.
CREATE FUNCTION forget_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gateway_credentials', 'session:' || OLD.id);
    RETURN NULL;
END
$$;
CREATE FUNCTION forget_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gateway_credentials', 'member:' || OLD.tenant_id || ':' || OLD.user_id);
    RETURN NULL;
END
$$;
CREATE FUNCTION forget_api_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gateway_credentials', 'key:' || OLD.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER sessions_forget AFTER UPDATE OF revoked_at ON sessions
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL) EXECUTE FUNCTION forget_session();
CREATE TRIGGER memberships_forget_changed AFTER UPDATE OF role ON memberships
    FOR EACH ROW WHEN (NEW.role <> OLD.role) EXECUTE FUNCTION forget_member();
CREATE TRIGGER memberships_forget_removed AFTER DELETE ON memberships
    FOR EACH ROW EXECUTE FUNCTION forget_member();
CREATE TRIGGER api_keys_forget AFTER UPDATE OF revoked_at ON api_keys
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL) EXECUTE FUNCTION forget_api_key();
