-- How long each tenant's raw forms are kept, as told by the gateway, which owns tenants; and how far the job is.

CREATE TABLE retentions (
    tenant_id uuid PRIMARY KEY,
    -- Null keeps them for good.
    days integer CHECK (days BETWEEN 1 AND 3650),
    -- The tenant's version that said so.
    version integer NOT NULL,
    -- The last record that the walk through all of them has passed, oldest first; null before the first.
    passed_at timestamptz,
    passed_id uuid,
    -- When the walk begins anew, for records that were taken in late under an old time of receipt.
    restart_at timestamptz,
    CHECK ((passed_at IS NULL) = (passed_id IS NULL))
);
CREATE INDEX retentions_wanted ON retentions (tenant_id) WHERE days IS NOT NULL;
CALL app_protect('retentions');
