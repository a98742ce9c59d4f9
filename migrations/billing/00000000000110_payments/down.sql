DROP TABLE refused_webhooks;
DROP TABLE usage_reports;
DROP TABLE provider_events;
DROP TABLE provider_subscriptions;
DROP TABLE customers;
DROP TABLE tenant_profiles;
ALTER TABLE billing_events
    DROP COLUMN provider, DROP COLUMN provider_event_id, DROP COLUMN provider_event_type, DROP COLUMN outcome,
    DROP COLUMN changes, DROP COLUMN reason;
UPDATE subscriptions SET status = 'canceled' WHERE status NOT IN ('active', 'trialing', 'past_due', 'canceled');
ALTER TABLE subscriptions
    DROP COLUMN provider, DROP COLUMN subscription_id, DROP COLUMN status_since, DROP COLUMN current_period_start,
    DROP COLUMN current_period_end, DROP COLUMN grace_ends_at, DROP COLUMN scheduled_plan, DROP COLUMN scheduled_at,
    DROP COLUMN access, DROP COLUMN told_plans,
    DROP CONSTRAINT subscriptions_status_check,
    ADD CONSTRAINT subscriptions_status_check CHECK (status IN ('active', 'trialing', 'past_due', 'canceled'));
