//! The tables that diesel's query builder reads; writes go by hand-written statements.

diesel::table! {
    events (tenant_id, position) {
        tenant_id -> Uuid,
        position -> BigInt,
        id -> Uuid,
        #[sql_name = "type"]
        kind -> Text,
        source_agent -> Text,
        actor -> Json,
        subject_type -> Text,
        subject_id -> Text,
        occurred_at -> Timestamptz,
        trace_id -> Text,
        schema_version -> Integer,
        data -> Json,
        recorded_at -> Timestamptz,
    }
}
