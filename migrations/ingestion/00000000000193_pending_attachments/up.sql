-- Files of deliveries that are not stored yet: links that have to be followed, and what the plan had no room for. A row
-- goes when its file is stored; one that was given up stays, to be seen and tried again.
CREATE TABLE pending_attachments (
    delivery_id uuid NOT NULL,
    -- Its place among the files of the delivery.
    place smallint NOT NULL,
    tenant_id uuid NOT NULL,
    record_id uuid NOT NULL,
    name text NOT NULL,
    content_type text,
    -- Null for a file inside of the delivery.
    url text,
    state text NOT NULL CHECK (state IN ('waiting', 'failed')),
    -- Why it is not stored yet, by a word for machines and by words for people.
    reason text,
    error text,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    -- Who stores it now; a lease is over when the row is due again.
    lease_id uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, place)
);
CREATE INDEX pending_attachments_due ON pending_attachments (due_at) WHERE state = 'waiting';
CREATE INDEX pending_attachments_record ON pending_attachments (tenant_id, record_id, delivery_id, place);
CALL app_protect('pending_attachments');
