DROP TABLE run_items;
DROP TABLE runs;
