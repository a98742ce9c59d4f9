//! `APPROVED`.

use chrono::Duration;
use common::event::ApprovalOutcome;
use common::{Clock as _, SystemClock};
use serde_json::json;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_decision_stands_over_the_machines() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "complaint"]).await;
    tenant.rule("All", "true", "refund").await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    let approval = approved(&record, ApprovalOutcome::Override, "complaint", SystemClock.now());
    let ann = person("Ann");
    app.publish(&[event(tenant.id, "approvals", ann.clone(), &approval)]).await;
    let all = tenant.outcomes(record.record_id, 2).await;
    let current = tenant.current(record.record_id).await;
    assert_eq!(current["id"], json!(approval.decision_id));
    assert_eq!(
        (&current["label"], &current["stage"], &current["status"]),
        (&json!("complaint"), &json!("human"), &json!("overridden"))
    );
    assert_eq!((&current["decidedBy"]["name"], &current["sequence"]), (&json!("Ann"), &json!(null)));
    assert_eq!(current["review"]["comment"], "seen");
    assert_eq!(current["reasoning"]["summary"], "Ann chose \"complaint\".");
    assert_eq!((&all[1]["label"], &all[1]["current"]), (&json!("refund"), &json!(false)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_and_any_repetition_end_in_the_same_state() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["early", "late"]).await;
    let now = SystemClock.now();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let record = snapshot("x");
        let early = approved(&record, ApprovalOutcome::Approve, "early", now);
        let late = approved(&record, ApprovalOutcome::Override, "late", now + Duration::seconds(1));
        let events = [
            ingested(tenant.id, &record),
            event(tenant.id, "approvals", person("Ann"), &early),
            event(tenant.id, "approvals", person("Bob"), &late),
        ];
        for index in order.into_iter().chain(order) {
            app.publish(&events[index..=index]).await;
        }
        let marker = snapshot("marker");
        let last = approved(&marker, ApprovalOutcome::Approve, "early", now);
        app.publish(&[ingested(tenant.id, &marker), event(tenant.id, "approvals", person("Ann"), &last)]).await;
        tenant.outcomes(marker.record_id, 1).await;
        tenant.outcomes(record.record_id, 2).await;
        let settled = test_support::wait_until("the later decision stands", async || {
            Some(tenant.current(record.record_id).await).filter(|current| current["label"] == "late")
        })
        .await;
        assert_eq!(settled["id"], json!(late.decision_id), "order {order:?}");
        let people = format!("decisions WHERE record_id = '{}' AND stage = 'human'", record.record_id);
        assert_eq!(app.count(&people).await, 2, "order {order:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_a_record_not_heard_of_yet_is_kept() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "machine"]).await;
    tenant.rule("All", "true", "machine").await;
    let record = snapshot("x");
    let approval = approved(&record, ApprovalOutcome::Approve, "refund", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("Ann"), &approval)]).await;
    tenant.outcomes(record.record_id, 1).await;
    let marker = snapshot("marker");
    app.publish(&[ingested(tenant.id, &record), ingested(tenant.id, &marker)]).await;
    tenant.outcomes(marker.record_id, 1).await;
    let current = tenant.current(record.record_id).await;
    assert_eq!(
        (&current["label"], &current["status"]),
        (&json!("refund"), &json!("approved")),
        "a machine never overwrites a person"
    );
    app.finish().await;
}
