//! The tables that lists build their queries on, written by hand after the migrations.

diesel::table! {
    records (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        external_id -> Nullable<Text>,
        source -> Text,
        integration_id -> Nullable<Uuid>,
        delivery_id -> Nullable<Uuid>,
        raw -> Nullable<Binary>,
        title -> Nullable<Text>,
        text -> Text,
        amount -> Nullable<Numeric>,
        currency -> Nullable<Text>,
        counterparty -> Nullable<Text>,
        occurred_at -> Nullable<Timestamptz>,
        attributes -> Json,
        status -> Text,
        label -> Nullable<Text>,
        stage -> Text,
        confidence -> Nullable<Double>,
        reasoning -> Nullable<Json>,
        decision_id -> Nullable<Uuid>,
        decision_sequence -> Nullable<Integer>,
        decided_by_human -> Bool,
        decided_at -> Nullable<Timestamptz>,
        received_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Integer,
        raw_expunged_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        integration_id -> Uuid,
        outcome -> Text,
        reason -> Nullable<Text>,
        dedupe_key -> Nullable<Binary>,
        record_id -> Nullable<Uuid>,
        headers -> Json,
        body -> Binary,
        received_at -> Timestamptz,
        replayed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    integrations (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        provider -> Text,
        name -> Text,
        status -> Text,
        config -> Json,
        mapping -> Nullable<Json>,
        secret_sealed -> Binary,
        previous_secret_sealed -> Nullable<Binary>,
        previous_secret_expires_at -> Nullable<Timestamptz>,
        release_pending -> Bool,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}
