-- What each tenant subscribes to, what it used, and the log of changes.

CREATE TABLE subscriptions (
    tenant_id uuid PRIMARY KEY,
    plan text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'trialing', 'past_due', 'canceled')),
    -- Why the status is what it is; null while there is nothing to say.
    reason text,
    cancel_at_period_end boolean NOT NULL DEFAULT false,
    trial_end timestamptz,
    last_event_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
);
CALL app_protect('subscriptions');

-- Records counted in a calendar month of UTC.
CREATE TABLE record_usage (
    tenant_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    records bigint NOT NULL CHECK (records >= 0),
    PRIMARY KEY (tenant_id, month)
) WITH (fillfactor = 50);
CALL app_protect('record_usage');

-- Seats and integrations as sets: the newest word about each id stands, so that order cannot miscount.
CREATE TABLE holdings (
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('seat', 'integration')),
    subject_id uuid NOT NULL,
    held boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, subject_id)
);
CALL app_protect('holdings');

-- Every change of a subscription, for the tenant to read.
CREATE TABLE billing_events (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    type text NOT NULL,
    plan text NOT NULL,
    status text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX billing_events_newest ON billing_events (tenant_id, at DESC, id DESC);
CALL app_protect('billing_events');
