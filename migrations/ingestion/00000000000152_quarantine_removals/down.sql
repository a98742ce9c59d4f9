DROP TABLE quarantine_removals;
