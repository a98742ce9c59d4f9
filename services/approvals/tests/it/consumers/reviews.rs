//! REVIEW_REQUESTED, twice, late and in another order.

use common::event::{ReprocessOutcome, Reprocessed};
use common::record::RecordStatus;
use common::{Clock as _, DecisionId, Role, SystemClock, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::support::{Question, act, all, event, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_many_times_opens_one_question() {
    let app = start().await;
    let tenant = TenantId::generate();
    let question = Question::of(tenant);
    let event = question.event();
    app.publish(&vec![event.clone(); 20]).await;
    question.open(&app).await;
    for _ in 0..5 {
        app.publish(std::slice::from_ref(&event)).await;
    }
    // The marker is behind the duplicates in the queue, so they are handled once it is open.
    Question::of(tenant).open(&app).await;
    assert_eq!(app.count("approvals").await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_many_tenants_opens_each_ones_own() {
    let app = start().await;
    let tenants = [TenantId::generate(), TenantId::generate(), TenantId::generate()];
    let events: Vec<_> = (0..300).map(|index| Question::of(tenants[index % 3]).event()).collect();
    app.publish(&events).await;
    wait_until("all are open", async || (app.count("approvals").await == 300).then_some(())).await;
    for tenant in tenants {
        assert_eq!(all(&app.caller(tenant, Role::Analyst), "status=pending").await.len(), 100);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_question_replaces_a_pending_one_and_an_earlier_does_not() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let first = Question::of(tenant);
    let old = first.open(&app).await;
    ann.post(&act(&old, "claim"), json!({})).await;
    let second = Question { sequence: 2, label: Some("travel"), ..first.clone() };
    let new = second.open(&app).await;
    assert_eq!(new["label"], "travel");

    let expired = ann.post(&act(&old, "approve"), json!({})).await;
    assert_eq!((expired.status, &expired.body["code"]), (409, &json!("conflict")), "{expired:?}");
    assert_eq!(expired.body["context"]["status"], "expired");
    let shown = ann.get(&format!("/api/v1/approvals/{}", old["id"].as_str().expect("an id"))).await;
    let actions: Vec<_> =
        shown.body["history"].as_array().expect("a list").iter().map(|step| step["action"].clone()).collect();
    assert_eq!(actions, ["requested", "claimed", "expired"]);

    // The earlier ones again, and one that never came in time.
    app.publish(&[first.event(), second.event(), Question { sequence: 2, ..first.clone() }.event()]).await;
    Question::of(tenant).open(&app).await;
    let pending = all(&ann, "status=pending").await;
    assert_eq!(pending.iter().filter(|one| one["recordId"] == json!(first.record)).count(), 1);
    assert_eq!(app.count(&format!("approvals WHERE record_id = '{}'", first.record)).await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_within_and_across_batches_ends_the_same() {
    let app = start().await;
    let tenant = TenantId::generate();
    let orders = [[1, 2, 3], [3, 2, 1], [2, 3, 1], [3, 1, 2]];
    for in_one_batch in [true, false] {
        for order in orders {
            let base = Question::of(tenant);
            let events = order.map(|sequence| Question { sequence, ..base.clone() }.event());
            if in_one_batch {
                app.publish(&events).await;
            } else {
                for event in events {
                    app.publish(&[event]).await;
                }
            }
            Question::of(tenant).open(&app).await;
            let of_record = format!("approvals WHERE record_id = '{}'", base.record);
            let pending = app.count(&format!("{of_record} AND status = 'pending' AND sequence = 3")).await;
            assert_eq!(pending, 1, "{order:?}");
            assert_eq!(app.count(&format!("{of_record} AND status = 'expired'")).await, 2, "{order:?}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_decided_is_not_opened_again_by_a_request_from_before() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let question = Question::of(tenant);
    let approval = question.open(&app).await;
    assert_eq!(ann.post(&act(&approval, "approve"), json!({})).await.status, 200);

    // Put before the person decided, handled after it.
    let late = Question { sequence: 2, ..question.clone() };
    app.publish(&[question.event(), late.event()]).await;
    Question::of(tenant).open(&app).await;
    let of_record = format!("approvals WHERE record_id = '{}'", question.record);
    assert_eq!(app.count(&format!("{of_record} AND status = 'approved' AND sequence = 1")).await, 1);
    assert_eq!(app.count(&format!("{of_record} AND status = 'expired' AND sequence = 2")).await, 1);

    // Put in knowledge of it: the person is asked anew.
    let anew = Question { sequence: 3, ..Question::of(tenant) };
    let anew = Question { record: question.record, ..anew }.open(&app).await;
    assert_eq!(ann.post(&act(&anew, "approve"), json!({})).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_is_set_apart_and_holds_up_nothing() {
    let app = start().await;
    let tenant = TenantId::generate();
    let mut broken = Question::of(tenant).event();
    broken.data = serde_json::value::to_raw_value(&json!({"sequence": "one"})).expect("JSON");
    app.publish(&[broken, Question::of(tenant).event()]).await;
    app.publish_raw("REVIEW_REQUESTED", b"not JSON").await;
    Question::of(tenant).open(&app).await;
    assert_eq!(app.count("approvals").await, 2);
    wait_until("both are set apart", async || (app.dead_letters("approvals.reviews").await == 2).then_some(())).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_a_machine_has_answered_since_is_closed() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (answered, other, later) =
        (Question::of(tenant), Question::of(tenant), Question { sequence: 3, ..Question::of(tenant) });
    answered.open(&app).await;
    other.open(&app).await;
    later.open(&app).await;
    let news = |record, outcome, status| Reprocessed {
        record_id: record,
        operation_id: None,
        outcome,
        decision_id: DecisionId::generate(),
        previous_decision_id: None,
        sequence: 2,
        status,
        label: Some("fee".into()),
        previous_status: Some(RecordStatus::PendingReview),
        previous_label: None,
    };
    let (changed, unchanged) = (ReprocessOutcome::Changed, ReprocessOutcome::Unchanged);
    let told: Vec<_> = [
        news(other.record, unchanged, RecordStatus::Classified),
        news(other.record, changed, RecordStatus::PendingReview),
        news(later.record, changed, RecordStatus::Classified),
        news(answered.record, changed, RecordStatus::Classified),
    ]
    .iter()
    .map(|data| event(tenant, SystemClock.now(), data))
    .collect();
    app.publish(&told).await;
    app.publish(&told).await;
    let reader = app.caller(tenant, Role::Analyst);
    let expired = wait_until("one is closed", async || all(&reader, "status=expired").await.into_iter().next()).await;
    assert_eq!(expired["recordId"], json!(answered.record));
    assert_eq!(all(&reader, "status=pending").await.len(), 2, "the others stay");
    app.finish().await;
}
