//! The end of a tenant: labels, rules, records and decisions, those that are only ever appended to as well.

use common::TenantId;
use common::event::ApprovalOutcome;
use serde_json::json;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn decisions_and_rules_of_a_deleted_tenant_go_and_no_others() {
    let app = start().await;
    let (ours, theirs) = (Tenant::with_labels(&app, &["fee"]).await, Tenant::with_labels(&app, &["fee"]).await);
    for tenant in [&ours, &theirs] {
        tenant.rule("Fees", "record.text.contains('fee')", "fee").await;
        let list = json!({"name": "shops", "values": ["one"]});
        assert_eq!(tenant.admin.post("/api/v1/value-lists", list).await.status, 201);
        let settings = json!({"autoAcceptThreshold": 0.8});
        assert_eq!(tenant.admin.patch("/api/v1/processing/settings", settings).await.status, 200);
        let records = ["a fee", "something else"].map(snapshot);
        app.publish(&records.each_ref().map(|record| ingested(tenant.id, record))).await;
        for record in &records {
            tenant.outcomes(record.record_id, 1).await;
        }
        let answer = approved(&records[1], ApprovalOutcome::Override, "fee", records[1].received_at);
        app.publish(&[event(tenant.id, "approvals", person("Ann"), &answer)]).await;
        tenant.outcomes(records[1].record_id, 2).await;
    }
    let (before, kept) = (app.rows_of(ours.id).await, app.rows_of(theirs.id).await);
    for table in [
        "labels",
        "rules",
        "rule_versions",
        "rule_sets",
        "rule_set_heads",
        "value_lists",
        "value_list_versions",
        "processing_settings",
        "records",
        "decisions",
    ] {
        assert!(before.contains_key(table), "there is something to remove from {table}: {before:?}");
    }
    app.delete_tenant(ours.id).await;
    assert_eq!(app.rows_of(ours.id).await, Default::default());
    assert_eq!(app.rows_of(theirs.id).await, kept);

    // What comes late is decided for nobody; the queue goes on.
    let next = snapshot("another fee");
    app.publish(&[ingested(ours.id, &snapshot("late")), ingested(theirs.id, &next)]).await;
    theirs.outcomes(next.record_id, 1).await;
    assert_eq!(app.rows_of(ours.id).await, Default::default());
    assert_eq!(app.rows_of(TenantId::generate()).await, Default::default());
    app.finish().await;
}
