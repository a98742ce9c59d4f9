//! The end of a tenant.

use common::{Role, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::support::{Question, act, all, create_label, start};

#[tokio::test(flavor = "multi_thread")]
async fn questions_answers_and_labels_of_a_deleted_tenant_go_and_no_others() {
    let app = start().await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    for tenant in [ours, theirs] {
        create_label(&app, tenant, "fee").await;
        let approval = Question::of(tenant).open(&app).await;
        Question::of(tenant).open(&app).await;
        let key = [("idempotency-key", "k-1")];
        let reviewer = app.caller(tenant, Role::Reviewer);
        let approved = reviewer.send("POST", &act(&approval, "approve"), &key, Some(json!({}))).await;
        assert_eq!(approved.status, 200, "{approved:?}");
    }
    let (before, kept) = (app.rows_of(ours).await, app.rows_of(theirs).await);
    for table in ["approvals", "approval_events", "labels", "idempotency_keys"] {
        assert!(before.contains_key(table), "there is something to remove: {before:?}");
    }
    app.delete_tenant(ours).await;
    assert_eq!(app.rows_of(ours).await, Default::default());
    assert_eq!(app.rows_of(theirs).await, kept);

    // What comes late opens nothing.
    app.publish(&[Question::of(ours).event()]).await;
    Question::of(theirs).open(&app).await;
    wait_until("theirs was opened after ours was dropped", async || {
        (all(&app.caller(theirs, Role::Analyst), "status=pending").await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(app.rows_of(ours).await, Default::default());
    app.finish().await;
}
