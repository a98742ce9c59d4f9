DROP TABLE records;
DROP TABLE deliveries;
DROP TABLE integrations;
