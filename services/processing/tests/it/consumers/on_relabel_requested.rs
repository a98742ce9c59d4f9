//! `RELABEL_REQUESTED`: people's decisions that operations carry to records.

use chrono::TimeDelta;
use common::event::{
    ApprovalOutcome, Approved, Classified, Event, RecordSnapshot, RelabelRequested, RelabelWish, ReprocessOutcome,
    Reprocessed, ReviewRequested,
};
use common::record::RecordStatus;
use common::{Clock as _, DateTime, DecisionId, OperationId, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start};

fn request(tenant: TenantId, record: &RecordSnapshot, asked_at: DateTime, wish: RelabelWish) -> Event {
    let data = RelabelRequested { record: record.clone(), operation_id: OperationId::generate(), asked_at, wish };
    event(tenant, "ingestion", person("ann"), &data)
}

fn label(name: &str) -> RelabelWish {
    RelabelWish::Label { label: name.to_owned() }
}

async fn carried_out(app: &TestApp, asked: &Event) -> Reprocessed {
    let operation = asked.decode::<RelabelRequested>().expect("its shape").operation_id;
    app.publish(std::slice::from_ref(asked)).await;
    wait_until("the answer", async || {
        let told = app.events_of("REPROCESSED").await;
        let mut answers = told.iter().map(|event| event.decode::<Reprocessed>().expect("its shape"));
        answers.find(|answer| answer.operation_id == Some(operation))
    })
    .await
}

async fn decided(app: &TestApp, tenant: &Tenant, text: &str) -> (RecordSnapshot, Value) {
    let record = snapshot(text);
    app.publish(&[ingested(tenant.id, &record)]).await;
    let first = tenant.current(record.record_id).await;
    (record, first)
}

fn id(decision: &Value) -> DecisionId {
    decision["id"].as_str().expect("an id").parse().expect("a UUID")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_and_takes_it_back() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "other"]).await;
    tenant.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    let (record, first) = decided(&app, &tenant, "a refund please").await;
    assert_eq!((&first["status"], &first["label"]), (&json!("classified"), &json!("refund")));

    let asked_at = SystemClock.now();
    let asked = request(tenant.id, &record, asked_at, label("other"));
    let answer = carried_out(&app, &asked).await;
    assert_eq!(
        (answer.outcome, answer.status, answer.label.as_deref(), answer.previous_decision_id),
        (ReprocessOutcome::Changed, RecordStatus::Overridden, Some("other"), Some(id(&first)))
    );
    let told = app.wait_for_event("APPROVED").await;
    assert_eq!((told.source_agent.as_str(), told.actor.name.as_deref()), ("processing", Some("ann")));
    let told: Approved = told.decode().expect("its shape");
    assert_eq!(
        (told.approval_id, told.was_pending, told.outcome, told.label.as_str(), told.decided_at),
        (None, false, ApprovalOutcome::Override, "other", asked_at)
    );
    assert_eq!((told.decision_id, told.proposal.label.as_deref()), (answer.decision_id, Some("refund")));
    let now = tenant.current(record.record_id).await;
    assert_eq!(
        (&now["label"], &now["stage"], &now["decidedBy"]["name"], &now["review"]["approvalId"]),
        (&json!("other"), &json!("human"), &json!("ann"), &Value::Null)
    );

    // Again, and the same label once more, change nothing.
    app.publish(std::slice::from_ref(&asked)).await;
    let same = carried_out(&app, &request(tenant.id, &record, SystemClock.now(), label("other"))).await;
    assert_eq!(same.outcome, ReprocessOutcome::Unchanged);

    let wish = RelabelWish::Undo { decision_id: answer.decision_id, before: answer.previous_decision_id };
    let back = carried_out(&app, &request(tenant.id, &record, SystemClock.now(), wish.clone())).await;
    assert_eq!(
        (back.outcome, back.status, back.label.as_deref(), back.sequence),
        (ReprocessOutcome::Changed, RecordStatus::Classified, Some("refund"), 2)
    );
    let all: Vec<Classified> =
        app.events_of("CLASSIFIED").await.iter().map(|event| event.decode().expect("its shape")).collect();
    assert_eq!(all.iter().map(|one| one.withdraws).collect::<Vec<_>>(), [None, Some(answer.decision_id)]);
    assert_eq!(tenant.current(record.record_id).await["label"], "refund");

    // Its own news of what was taken back, heard of late, does not bring it back.
    app.publish(&app.events_of("APPROVED").await).await;
    let (mark, _) = decided(&app, &tenant, "mark").await;
    let decision = approved(&mark, ApprovalOutcome::Override, "other", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("bob"), &decision)]).await;
    tenant.outcomes(mark.record_id, 2).await;
    assert_eq!(tenant.current(record.record_id).await["label"], "refund");
    let twice = carried_out(&app, &request(tenant.id, &record, SystemClock.now(), wish)).await;
    assert_eq!(twice.outcome, ReprocessOutcome::Pinned, "what does not stand is not taken back");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_and_put_again() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    let (record, first) = decided(&app, &tenant, "x").await;
    assert_eq!(first["status"], "pending_review");
    let answer = carried_out(&app, &request(tenant.id, &record, SystemClock.now(), label("a"))).await;
    assert_eq!(answer.status, RecordStatus::Overridden);
    let told: Approved = app.wait_for_event("APPROVED").await.decode().expect("its shape");
    assert!(told.was_pending);
    let wish = RelabelWish::Undo { decision_id: answer.decision_id, before: answer.previous_decision_id };
    let back = carried_out(&app, &request(tenant.id, &record, SystemClock.now(), wish)).await;
    assert_eq!((back.outcome, back.status), (ReprocessOutcome::Changed, RecordStatus::PendingReview));
    let asked: Vec<ReviewRequested> =
        app.events_of("REVIEW_REQUESTED").await.iter().map(|event| event.decode().expect("its shape")).collect();
    assert_eq!(
        asked.iter().map(|one| (one.sequence, one.withdraws)).collect::<Vec<_>>(),
        [(1, None), (2, Some(answer.decision_id))]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_decides_later_stands_and_what_they_decided_before_comes_back() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b", "c"]).await;
    let (record, _) = decided(&app, &tenant, "x").await;
    let asked_at = SystemClock.now();
    let override_ = async |label: &str, at: DateTime, count: usize| {
        let decision = approved(&record, ApprovalOutcome::Override, label, at);
        app.publish(&[event(tenant.id, "approvals", person("bob"), &decision)]).await;
        tenant.outcomes(record.record_id, count).await;
    };
    override_("b", asked_at + TimeDelta::milliseconds(1), 2).await;
    let late = carried_out(&app, &request(tenant.id, &record, asked_at, label("a"))).await;
    assert_eq!((late.outcome, late.label.as_deref()), (ReprocessOutcome::Pinned, Some("b")));

    let asked_at = SystemClock.now() + TimeDelta::seconds(1);
    let over = carried_out(&app, &request(tenant.id, &record, asked_at, label("c"))).await;
    assert_eq!(over.outcome, ReprocessOutcome::Changed, "the person saw what was there");
    let undo = |at: DateTime| {
        let wish = RelabelWish::Undo { decision_id: over.decision_id, before: over.previous_decision_id };
        request(tenant.id, &record, at, wish)
    };
    let back = carried_out(&app, &undo(asked_at + TimeDelta::seconds(1))).await;
    assert_eq!((back.outcome, back.label.as_deref()), (ReprocessOutcome::Changed, Some("b")));
    let now = tenant.current(record.record_id).await;
    assert_eq!((&now["label"], &now["stage"]), (&json!("b"), &json!("human")));

    override_("a", asked_at + TimeDelta::seconds(2), 5).await;
    assert_eq!(carried_out(&app, &undo(asked_at + TimeDelta::seconds(3))).await.outcome, ReprocessOutcome::Pinned);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_labels_and_records_and_other_tenants() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    let (record, first) = decided(&app, &tenant, "x").await;
    let unknown = carried_out(&app, &request(tenant.id, &record, SystemClock.now(), label("nope"))).await;
    assert_eq!((unknown.outcome, unknown.decision_id), (ReprocessOutcome::UnknownLabel, id(&first)));

    let early = snapshot("not heard of yet");
    let answer = carried_out(&app, &request(tenant.id, &early, SystemClock.now(), label("a"))).await;
    assert_eq!((answer.outcome, answer.sequence), (ReprocessOutcome::Changed, 1));
    app.publish(&[ingested(tenant.id, &early)]).await;
    assert_eq!(tenant.outcomes(early.record_id, 2).await.len(), 2, "the machine's, and the person's over it");

    let thief = Tenant::with_labels(&app, &["a"]).await;
    app.publish(&[request(thief.id, &record, SystemClock.now(), label("a"))]).await;
    carried_out(&app, &request(thief.id, &snapshot("mark"), SystemClock.now(), label("a"))).await;
    assert_eq!(tenant.outcomes(record.record_id, 1).await.len(), 1, "nothing of another tenant's is decided");
    app.finish().await;
}
