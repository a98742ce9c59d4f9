DROP TABLE billing_events;
DROP TABLE holdings;
DROP TABLE record_usage;
DROP TABLE subscriptions;
