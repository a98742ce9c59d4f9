-- Payment providers: whom they bill, what they told, and what of it stands.

ALTER TABLE subscriptions
    ADD COLUMN provider text,
    -- The provider's id of the subscription that stands; null on the free plan.
    ADD COLUMN subscription_id text,
    ADD COLUMN status_since timestamptz,
    ADD COLUMN current_period_start timestamptz,
    ADD COLUMN current_period_end timestamptz,
    ADD COLUMN grace_ends_at timestamptz,
    ADD COLUMN scheduled_plan text,
    ADD COLUMN scheduled_at timestamptz,
    ADD COLUMN access text NOT NULL DEFAULT 'full' CHECK (access IN ('full', 'read_only')),
    -- The plans by which the tenant's entitlements were last told; others are told anew.
    ADD COLUMN told_plans text,
    DROP CONSTRAINT subscriptions_status_check,
    ADD CONSTRAINT subscriptions_status_check CHECK (status IN ('active', 'trialing', 'past_due', 'canceled',
        'incomplete', 'incomplete_expired', 'unpaid', 'paused'));
CREATE INDEX subscriptions_in_grace ON subscriptions (grace_ends_at) WHERE grace_ends_at IS NOT NULL;

ALTER TABLE billing_events
    ADD COLUMN provider text,
    ADD COLUMN provider_event_id text,
    ADD COLUMN provider_event_type text,
    -- applied, unchanged, late, noted, ignored, failed.
    ADD COLUMN outcome text NOT NULL DEFAULT 'applied',
    -- What changed, as [{"field": …, "before": …, "after": …}].
    ADD COLUMN changes json NOT NULL DEFAULT '[]',
    ADD COLUMN reason text;

-- Each tenant's calendar.
CREATE TABLE tenant_profiles (
    tenant_id uuid PRIMARY KEY,
    timezone text NOT NULL,
    at timestamptz NOT NULL,
    deleted_at timestamptz
);
CALL app_protect('tenant_profiles');

-- Whom a provider bills for a tenant. One customer is one tenant's, for ever.
CREATE TABLE customers (
    tenant_id uuid NOT NULL,
    provider text NOT NULL,
    customer_id text NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, provider),
    UNIQUE (provider, customer_id)
);
CALL app_protect('customers');

-- Each subscription as its provider last showed it.
CREATE TABLE provider_subscriptions (
    provider text NOT NULL,
    subscription_id text NOT NULL,
    tenant_id uuid NOT NULL,
    state json NOT NULL,
    -- The provider's time of that state, and whether an event told it or a call fetched it.
    known_at timestamptz NOT NULL,
    known_by text NOT NULL CHECK (known_by IN ('event', 'fetch')),
    PRIMARY KEY (provider, subscription_id)
);
CREATE INDEX provider_subscriptions_tenant ON provider_subscriptions (tenant_id);
CALL app_protect('provider_subscriptions');

-- What a provider told. A webhook arrives before anybody knows whose it is, so tenant_id is null until then, and
-- only the system's scope sees the row.
CREATE TABLE provider_events (
    provider text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    -- Handled one by one and in the order of their time, as far as it is known.
    customer_id text,
    tenant_id uuid,
    -- As it was sent, until it is handled; kinds that nothing is made of are kept without.
    body bytea,
    state text NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    claim uuid,
    outcome text,
    reason text,
    done_at timestamptz,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX provider_events_pending ON provider_events (next_attempt_at) WHERE state = 'pending';
CREATE INDEX provider_events_received ON provider_events (received_at);
CREATE INDEX provider_events_tenant ON provider_events (tenant_id);
CALL app_protect('provider_events');

-- How much of a month's excess was reported to a provider that bills it.
CREATE TABLE usage_reports (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    reported bigint NOT NULL DEFAULT 0,
    -- A report on its way: to this sum. Sent again under the same key until it is known to have arrived.
    sending bigint,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, month)
);
CALL app_protect('usage_reports');

-- What went wrong with webhooks that were refused, by the hour: who sends them could fill a table of rows.
CREATE TABLE refused_webhooks (
    provider text NOT NULL,
    hour timestamptz NOT NULL,
    reason text NOT NULL,
    count bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (provider, hour, reason)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON refused_webhooks TO verdict_app;
