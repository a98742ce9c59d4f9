-- What the quarantine's bounds took away of each source, so that nobody looks for it in vain.
CREATE TABLE quarantine_removals (
    integration_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    deliveries bigint NOT NULL,
    bytes bigint NOT NULL,
    last_at timestamptz NOT NULL
);
CALL app_protect('quarantine_removals');
