//! RECORD_ARCHIVED and RECORD_RESTORED, and what answers questions past the people who were asked.

use chrono::TimeDelta;
use common::event::{RecordArchived, RecordRestored, ReprocessOutcome, Reprocessed};
use common::record::RecordStatus;
use common::{Clock as _, DateTime, DecisionId, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{Client, TestApp, wait_until};

use crate::support::{Question, act, all, event, start};

async fn shelve(app: &TestApp, tenant: TenantId, record_id: RecordId, archived: bool, at: DateTime) {
    let told = if archived {
        event(tenant, at, &RecordArchived { record_id, operation_id: None })
    } else {
        let status = RecordStatus::PendingReview;
        event(tenant, at, &RecordRestored { record_id, status, operation_id: None })
    };
    app.publish(&[told]).await;
}

async fn show(client: &Client, approval: &Value) -> Value {
    let answer = client.get(&format!("/api/v1/approvals/{}", approval["id"].as_str().expect("an id"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn becomes(client: &Client, approval: &Value, status: &str) -> Value {
    wait_until(&format!("the question is {status}"), async || {
        Some(show(client, approval).await).filter(|shown| shown["status"] == status)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_about_an_archived_record_until_it_is_restored() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let question = Question::of(tenant);
    let open = question.open(&app).await;
    ann.post(&act(&open, "claim"), json!({})).await;
    let now = SystemClock.now();
    shelve(&app, tenant, question.record, true, now).await;
    becomes(&ann, &open, "expired").await;
    let refused = ann.post(&act(&open, "approve"), json!({})).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("conflict")), "{refused:?}");

    // Old news, and the same again, change nothing; the restoring opens it, without its lease.
    shelve(&app, tenant, question.record, false, now - TimeDelta::seconds(1)).await;
    shelve(&app, tenant, question.record, true, now).await;
    Question::of(tenant).open(&app).await;
    assert_eq!(show(&ann, &open).await["status"], "expired");
    shelve(&app, tenant, question.record, false, now + TimeDelta::seconds(1)).await;
    let again = becomes(&ann, &open, "pending").await;
    let actions: Vec<_> = again["history"].as_array().expect("a list").iter().map(|step| &step["action"]).collect();
    assert_eq!(actions, ["requested", "claimed", "expired", "reopened"]);
    assert_eq!(again["claimedBy"], Value::Null);
    let answered = ann.post(&act(&open, "approve"), json!({})).await;
    assert_eq!(answered.status, 200, "{answered:?}");

    // What a person decided stays decided, whatever is shelved.
    shelve(&app, tenant, question.record, true, now + TimeDelta::seconds(2)).await;
    shelve(&app, tenant, question.record, false, now + TimeDelta::seconds(3)).await;
    wait_until("the last news is kept", async || {
        let kept = format!("archived_records WHERE record_id = '{}' AND NOT archived", question.record);
        (app.count(&kept).await == 1).then_some(())
    })
    .await;
    assert_eq!(show(&ann, &open).await["status"], "approved");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_an_archived_record_waits_for_its_return() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let question = Question::of(tenant);
    let (now, stranger) = (SystemClock.now(), TenantId::generate());
    shelve(&app, tenant, question.record, true, now).await;
    shelve(&app, stranger, question.record, false, now + TimeDelta::seconds(5)).await;
    wait_until("both are kept", async || (app.count("archived_records").await == 2).then_some(())).await;
    app.publish(&[question.event(), Question { sequence: 2, ..question.clone() }.event()]).await;
    wait_until("both are there", async || (app.count("approvals").await == 2).then_some(())).await;
    assert!(all(&ann, "status=pending").await.is_empty());
    shelve(&app, tenant, question.record, false, now + TimeDelta::seconds(1)).await;
    let open = wait_until("the last question is open", async || all(&ann, "status=pending").await.pop()).await;
    assert_eq!(open["sequence"], 2, "and the one before it is not");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_decision_by_an_operation_answers_the_question() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let question = Question::of(tenant);
    let open = question.open(&app).await;
    let news = Reprocessed {
        record_id: question.record,
        operation_id: None,
        outcome: ReprocessOutcome::Changed,
        decision_id: DecisionId::generate(),
        previous_decision_id: None,
        sequence: 1,
        status: RecordStatus::Overridden,
        label: Some("travel".into()),
        previous_status: Some(RecordStatus::PendingReview),
        previous_label: None,
    };
    app.publish(&[event(tenant, SystemClock.now(), &news)]).await;
    becomes(&ann, &open, "expired").await;
    app.finish().await;
}
