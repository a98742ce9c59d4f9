-- Failed sign-ins, counted for all replicas. The subject is a hash: of an account's e-mail address, whether or not
-- there is such an account; of a client's address; or of both, once that address has signed in to the account. No
-- tenant_id: nobody is signed in yet.
CREATE TABLE sign_in_failures (
    subject bytea PRIMARY KEY,
    failures integer NOT NULL CHECK (failures >= 0),
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    -- Set when the subject is an account and an address that signed in to it before.
    signed_in_at timestamptz
);
CREATE INDEX sign_in_failures_last ON sign_in_failures (last_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_failures TO verdict_app;
