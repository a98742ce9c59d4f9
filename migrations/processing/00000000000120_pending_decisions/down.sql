DROP TABLE pending_decisions;
