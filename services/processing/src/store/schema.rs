//! The tables, as diesel sees them. Written by hand; the migrations are the truth.

diesel::table! {
    labels (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        name -> Text,
        description -> Text,
        examples -> Array<Text>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    rules (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        version -> Integer,
        name -> Text,
        condition -> Text,
        label_id -> Uuid,
        priority -> Integer,
        status -> Text,
        requires_review -> Bool,
        description -> Text,
        origin -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    rule_versions (rule_id, version) {
        rule_id -> Uuid,
        version -> Integer,
        tenant_id -> Uuid,
        name -> Text,
        condition -> Text,
        label -> Text,
        priority -> Integer,
        status -> Text,
        requires_review -> Bool,
        description -> Text,
        origin -> Text,
        changed_by -> Json,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    value_lists (id) {
        id -> Uuid,
        tenant_id -> Uuid,
        name -> Text,
        description -> Text,
        values -> Array<Text>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    processing_settings (tenant_id) {
        tenant_id -> Uuid,
        version -> Integer,
        rule_stage -> Bool,
        embedding_stage -> Bool,
        llm_stage -> Bool,
        auto_accept_threshold -> Double,
        target_error_rate -> Double,
        audit_sample_rate -> Double,
        llm_model -> Nullable<Text>,
        llm_monthly_budget -> Nullable<Numeric>,
        llm_currency -> Text,
        llm_disclosure -> Text,
        updated_by -> Json,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(rules -> labels (label_id));
diesel::allow_tables_to_appear_in_same_query!(rules, labels);
