//! `GET /approvals/stats`

use common::{Role, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::support::{Question, act, create_label, start};

#[tokio::test(flavor = "multi_thread")]
async fn counts_what_waits_and_what_was_decided_today() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let stats = async || ann.get("/api/v1/approvals/stats").await.body;
    let empty = json!({"pending": 0, "oldestSeconds": null, "decidedToday": 0, "overrideRate": null});
    assert_eq!(stats().await, empty);

    create_label(&app, tenant, "travel").await;
    wait_until("the label is known", async || (app.count("labels").await == 1).then_some(())).await;
    let mut opened = Vec::new();
    for age in [500, 0, 0, 0, 0] {
        opened.push(Question::of(tenant).seconds_ago(age).open(&app).await);
    }
    for approval in &opened[1..4] {
        assert_eq!(ann.post(&act(approval, "approve"), json!({})).await.status, 200);
    }
    assert_eq!(ann.post(&act(&opened[4], "override"), json!({"label": "travel"})).await.status, 200);
    let counted = stats().await;
    assert_eq!((&counted["pending"], &counted["decidedToday"]), (&json!(1), &json!(4)));
    assert_eq!(counted["overrideRate"], 0.25);
    assert!((500..600).contains(&counted["oldestSeconds"].as_i64().expect("one waits")), "{counted}");

    app.owner_sql("UPDATE approvals SET decided_at = decided_at - interval '1 day' WHERE status = 'approved'").await;
    assert_eq!(stats().await["decidedToday"], 1, "yesterday's answers do not count");
    assert_eq!(stats().await["overrideRate"], 1.0);
    app.finish().await;
}
