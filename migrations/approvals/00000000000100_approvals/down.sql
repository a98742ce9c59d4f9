DROP TABLE labels;
DROP TABLE approval_events;
DROP TABLE approvals;
