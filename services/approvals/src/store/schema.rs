//! The tables as diesel sees them.

diesel::table! {
    approvals (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        record_id -> Uuid,
        sequence -> Int4,
        status -> Text,
        proposal -> Json,
        candidates -> Json,
        record -> Json,
        label -> Nullable<Text>,
        stage -> Text,
        confidence -> Nullable<Double>,
        claimed_by -> Nullable<Uuid>,
        claimed_by_name -> Nullable<Text>,
        claim_expires_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Json>,
        decided_at -> Nullable<Timestamptz>,
        outcome_label -> Nullable<Text>,
        comment -> Nullable<Text>,
        rule_id -> Nullable<Uuid>,
        decision_id -> Nullable<Uuid>,
        requested_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    approval_events (seq) {
        seq -> BigInt,
        tenant_id -> Uuid,
        approval_id -> Uuid,
        at -> Timestamptz,
        actor -> Json,
        action -> Text,
    }
}

diesel::table! {
    labels (tenant_id, label_id) {
        tenant_id -> Uuid,
        label_id -> Uuid,
        name -> Text,
        version -> Int4,
        deleted -> Bool,
    }
}
