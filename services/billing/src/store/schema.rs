//! The tables as diesel sees them.

diesel::table! {
    subscriptions (tenant_id) {
        tenant_id -> Uuid,
        plan -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        cancel_at_period_end -> Bool,
        trial_end -> Nullable<Timestamptz>,
        last_event_at -> Timestamptz,
        version -> Int4,
        provider -> Nullable<Text>,
        subscription_id -> Nullable<Text>,
        status_since -> Nullable<Timestamptz>,
        current_period_start -> Nullable<Timestamptz>,
        current_period_end -> Nullable<Timestamptz>,
        grace_ends_at -> Nullable<Timestamptz>,
        scheduled_plan -> Nullable<Text>,
        scheduled_at -> Nullable<Timestamptz>,
        access -> Text,
    }
}

diesel::table! {
    billing_events (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        #[sql_name = "type"]
        kind -> Text,
        plan -> Text,
        status -> Text,
        at -> Timestamptz,
        provider -> Nullable<Text>,
        provider_event_id -> Nullable<Text>,
        provider_event_type -> Nullable<Text>,
        outcome -> Text,
        changes -> Json,
        reason -> Nullable<Text>,
    }
}
