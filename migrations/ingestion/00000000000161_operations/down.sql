DROP INDEX operation_items_requested;
DELETE FROM operation_items i USING operations o
    WHERE o.id = i.operation_id AND 'relabel' IN (o.action, o.reverted_action);
DELETE FROM operations WHERE 'relabel' IN (action, reverted_action);
UPDATE operation_items SET result = 'skipped', reason = result WHERE result IN ('failed', 'cancelled');
UPDATE operations SET skipped = skipped + failed + cancelled,
    status = CASE status WHEN 'cancelling' THEN 'running' WHEN 'cancelled' THEN 'completed' ELSE status END;
ALTER TABLE operation_items
    DROP CONSTRAINT operation_items_result_check,
    ADD CONSTRAINT operation_items_result_check
        CHECK (result IN ('pending', 'requested', 'changed', 'unchanged', 'skipped', 'conflict')),
    DROP COLUMN decision_id;
ALTER TABLE operations
    DROP CONSTRAINT operations_label_check,
    DROP CONSTRAINT operations_action_check,
    DROP CONSTRAINT operations_reverted_action_check,
    DROP CONSTRAINT operations_status_check,
    ADD CONSTRAINT operations_action_check
        CHECK (action IN ('archive', 'restore', 'reprocess', 'relabel', 'remap', 'replay', 'revert')),
    ADD CONSTRAINT operations_reverted_action_check
        CHECK (reverted_action IN ('archive', 'restore', 'reprocess', 'relabel', 'remap')),
    ADD CONSTRAINT operations_status_check CHECK (status IN ('running', 'completed')),
    DROP COLUMN cancelled_by,
    DROP COLUMN cancelled,
    DROP COLUMN failed,
    DROP COLUMN label;
DROP TABLE labels;
