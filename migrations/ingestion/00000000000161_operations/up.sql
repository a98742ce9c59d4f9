-- Operations that give labels, that are cancelled, and items that nobody answers for.

-- The tenants' labels, as told by processing, which owns them. A name is not unique here: two renames may arrive in the
-- other order. Labels made before this table are known by the records that have them.
CREATE TABLE labels (
    tenant_id uuid NOT NULL,
    label_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    deleted boolean NOT NULL,
    PRIMARY KEY (tenant_id, label_id)
);
CREATE INDEX labels_name ON labels (tenant_id, name) WHERE NOT deleted;
CALL app_protect('labels');

ALTER TABLE operations
    -- The label that the records are to have.
    ADD COLUMN label text,
    ADD COLUMN failed integer NOT NULL DEFAULT 0,
    ADD COLUMN cancelled integer NOT NULL DEFAULT 0,
    -- Who ended it early. It stays 'cancelling' until the items that are begun have ended.
    ADD COLUMN cancelled_by json,
    DROP CONSTRAINT operations_action_check,
    DROP CONSTRAINT operations_reverted_action_check,
    DROP CONSTRAINT operations_status_check,
    ADD CONSTRAINT operations_action_check
        CHECK (action IN ('archive', 'restore', 'reprocess', 'relabel', 'remap', 'replay', 'revert')),
    ADD CONSTRAINT operations_reverted_action_check
        CHECK (reverted_action IN ('archive', 'restore', 'reprocess', 'relabel', 'remap')),
    ADD CONSTRAINT operations_status_check CHECK (status IN ('running', 'cancelling', 'completed', 'cancelled')),
    ADD CONSTRAINT operations_label_check CHECK ((action = 'relabel') = (label IS NOT NULL));

ALTER TABLE operation_items
    -- The decision that the act made, where processing makes one.
    ADD COLUMN decision_id uuid,
    DROP CONSTRAINT operation_items_result_check,
    ADD CONSTRAINT operation_items_result_check CHECK (result IN ('pending', 'requested', 'changed', 'unchanged',
        'skipped', 'conflict', 'failed', 'cancelled'));
-- What waits for another service, by how long it does.
CREATE INDEX operation_items_requested ON operation_items (updated_at) WHERE result = 'requested';
