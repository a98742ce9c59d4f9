DELETE FROM approval_events WHERE action = 'reopened';
ALTER TABLE approval_events
    DROP CONSTRAINT approval_events_action_check,
    ADD CONSTRAINT approval_events_action_check
        CHECK (action IN ('claimed', 'renewed', 'released', 'approved', 'overridden', 'expired'));
ALTER TABLE approvals DROP COLUMN closed_by_archive;
DROP TABLE archived_records;
