DROP TABLE backlogs;
DROP TABLE hourly_latencies;
DROP TABLE hourly_facts;
