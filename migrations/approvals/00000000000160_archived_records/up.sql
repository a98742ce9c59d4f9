-- Questions about archived records are closed, and open again when the record is restored.

-- Which records are archived, as told by ingestion, by the time of the telling: news may come in another order.
CREATE TABLE archived_records (
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    archived boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id)
);
CALL app_protect('archived_records');

ALTER TABLE approvals
    -- Whether it is expired only because its record is archived.
    ADD COLUMN closed_by_archive boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT approvals_closed_by_archive CHECK (NOT closed_by_archive OR status = 'expired');
ALTER TABLE approval_events
    DROP CONSTRAINT approval_events_action_check,
    ADD CONSTRAINT approval_events_action_check CHECK (action IN ('claimed', 'renewed', 'released', 'approved',
        'overridden', 'expired', 'reopened'));
