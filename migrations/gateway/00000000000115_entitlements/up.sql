-- How many members a tenant may have, as billing last told.

CREATE TABLE tenant_entitlements (
    tenant_id uuid PRIMARY KEY,
    plan text NOT NULL,
    -- Null without a limit.
    seats bigint,
    version integer NOT NULL
);
CALL app_protect('tenant_entitlements');
