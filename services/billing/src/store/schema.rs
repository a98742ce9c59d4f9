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
    }
}
