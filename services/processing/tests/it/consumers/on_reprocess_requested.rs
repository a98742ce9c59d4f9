//! `REPROCESS_REQUESTED`.

use common::event::{
    ApprovalOutcome, Classified, Event, RecordSnapshot, ReprocessOutcome, ReprocessRequested, Reprocessed,
    ReviewRequested,
};
use common::record::RecordStatus;
use common::{Actor, Clock as _, DecisionId, OperationId, SystemClock, TenantId};
use serde_json::json;
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start};

fn request(tenant: TenantId, record: &RecordSnapshot, decision_id: Option<DecisionId>) -> Event {
    let data = ReprocessRequested { record: record.clone(), operation_id: Some(OperationId::generate()), decision_id };
    event(tenant, "ingestion", Actor::service("ingestion"), &data)
}

/// Publishes the request and waits for its answer.
async fn reprocess(app: &TestApp, asked: &Event) -> Reprocessed {
    let operation = asked.decode::<ReprocessRequested>().expect("its shape").operation_id;
    app.publish(std::slice::from_ref(asked)).await;
    wait_until("the answer", async || {
        let told = app.events_of("REPROCESSED").await;
        told.iter()
            .map(|event| event.decode::<Reprocessed>().expect("its shape"))
            .find(|answer| answer.operation_id == operation)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_the_present_decide_and_the_decision_before_can_come_back() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let record = snapshot("a refund please");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let first = tenant.current(record.record_id).await;
    assert_eq!(first["status"], "pending_review");

    let same = reprocess(&app, &request(tenant.id, &record, None)).await;
    assert_eq!((same.outcome, same.sequence), (ReprocessOutcome::Unchanged, 1));
    assert_eq!(json!(same.decision_id), first["id"], "the decision stands");

    tenant.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    let asked = request(tenant.id, &record, None);
    let answer = reprocess(&app, &asked).await;
    assert_eq!(
        (answer.outcome, answer.sequence, answer.status),
        (ReprocessOutcome::Changed, 2, RecordStatus::Classified)
    );
    assert_eq!((answer.label.as_deref(), answer.previous_label), (Some("refund"), None));
    assert_eq!(answer.previous_status, Some(RecordStatus::PendingReview));
    let told: Classified = app.wait_for_event("CLASSIFIED").await.decode().expect("its shape");
    assert_eq!((told.sequence, told.decision_id), (2, answer.decision_id));
    let current = tenant.current(record.record_id).await;
    assert_eq!((&current["id"], &current["label"]), (&json!(answer.decision_id), &json!("refund")));

    // The same request again makes no third decision; a request to go back makes one.
    app.publish(&[asked.clone(), asked]).await;
    let earlier: DecisionId = first["id"].as_str().expect("an id").parse().expect("a UUID");
    let back = reprocess(&app, &request(tenant.id, &record, Some(earlier))).await;
    assert_eq!((back.outcome, back.sequence, back.status), (ReprocessOutcome::Changed, 3, RecordStatus::PendingReview));
    let asked: Vec<ReviewRequested> =
        app.events_of("REVIEW_REQUESTED").await.iter().map(|event| event.decode().expect("its shape")).collect();
    assert_eq!(asked.iter().map(|one| one.sequence).collect::<Vec<_>>(), [1, 3]);
    let all = tenant.outcomes(record.record_id, 3).await;
    assert_eq!(all.len(), 3, "none is lost: {all:?}");
    assert_eq!(tenant.current(record.record_id).await["id"], json!(back.decision_id));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_says_something_else_is_decided_anew_though_it_comes_out_the_same() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    let mut record = snapshot("what it said");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let first = tenant.current(record.record_id).await;
    assert_eq!(first["status"], "pending_review");
    record.normalized.text = "what it says".into();
    record.external_id = Some("e-1".into());
    let answer = reprocess(&app, &request(tenant.id, &record, None)).await;
    assert_eq!((answer.outcome, answer.sequence), (ReprocessOutcome::Changed, 2));
    let asked: Vec<ReviewRequested> =
        app.events_of("REVIEW_REQUESTED").await.iter().map(|event| event.decode().expect("its shape")).collect();
    assert_eq!(asked[1].record.normalized.text, "what it says", "the reviewer reads the new words");
    let kept = "records WHERE normalized::text LIKE '%what it says%' AND external_id = 'e-1'";
    assert_eq!(app.count(kept).await, 1, "runs decide on the new words");
    let again = reprocess(&app, &request(tenant.id, &record, None)).await;
    assert_eq!(again.outcome, ReprocessOutcome::Unchanged);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_decision_stands() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b"]).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    let decision = approved(&record, ApprovalOutcome::Override, "b", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("ann"), &decision)]).await;
    tenant.outcomes(record.record_id, 2).await;
    tenant.rule("All", "true", "a").await;
    let answer = reprocess(&app, &request(tenant.id, &record, None)).await;
    assert_eq!((answer.outcome, answer.label.as_deref()), (ReprocessOutcome::Pinned, Some("b")));
    assert_eq!(tenant.outcomes(record.record_id, 2).await.len(), 2);
    assert!(app.events_of("CLASSIFIED").await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_not_heard_of_yet_is_decided_once() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    tenant.rule("All", "true", "a").await;
    let record = snapshot("x");
    let answer = reprocess(&app, &request(tenant.id, &record, None)).await;
    assert_eq!((answer.outcome, answer.sequence, answer.previous_status), (ReprocessOutcome::Changed, 1, None));
    let marker = snapshot("marker");
    app.publish(&[ingested(tenant.id, &record), ingested(tenant.id, &marker)]).await;
    tenant.outcomes(marker.record_id, 1).await;
    assert_eq!(tenant.outcomes(record.record_id, 1).await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_tenant_changes_nothing() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let before = tenant.outcomes(record.record_id, 1).await;
    tenant.rule("All", "true", "a").await;
    let thief = Tenant::with_labels(&app, &["a"]).await;
    let mark = snapshot("mark");
    app.publish(&[request(thief.id, &record, None)]).await;
    reprocess(&app, &request(thief.id, &mark, None)).await;
    assert_eq!(tenant.outcomes(record.record_id, 1).await, before);
    app.finish().await;
}
