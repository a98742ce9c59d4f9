//! Giving many records a label, and taking that back.

use common::event::{
    Event, LabelCreated, LabelDeleted, OperationStarted, RelabelRequested, RelabelWish, ReprocessOutcome, Reprocessed,
};
use common::record::RecordStatus;
use common::{Actor, Clock as _, DecisionId, LabelId, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{Client, TestApp, wait_until};

use crate::operations::{BULK, ended, items, revert_path, send};
use crate::{start, start_api_only};

fn told<D: common::event::EventData>(tenant: TenantId, data: &D) -> Event {
    let (actor, at) = (Actor::service("processing"), SystemClock.now());
    let trace = common::trace::TraceContext::random();
    Event::new(&common::event::Cause { tenant_id: tenant, actor, trace, at }, "processing", data)
}

async fn create_label(app: &TestApp, tenant: TenantId, name: &str) -> LabelId {
    let label_id = LabelId::generate();
    let data = LabelCreated { label_id, name: name.into(), description: String::new(), version: 1 };
    app.publish(&[told(tenant, &data)]).await;
    label_id
}

fn answer(tenant: TenantId, asked: &RelabelRequested, outcome: ReprocessOutcome) -> Event {
    let data = Reprocessed {
        record_id: asked.record.record_id,
        operation_id: Some(asked.operation_id),
        outcome,
        decision_id: DecisionId::generate(),
        previous_decision_id: Some(DecisionId::generate()),
        sequence: 1,
        status: RecordStatus::Overridden,
        label: Some("spam".into()),
        previous_status: Some(RecordStatus::Classified),
        previous_label: Some("ham".into()),
    };
    told(tenant, &data)
}

async fn requests(app: &TestApp, count: usize) -> Vec<RelabelRequested> {
    let asked = wait_until(&format!("{count} requests"), async || {
        Some(app.events_of("RELABEL_REQUESTED").await).filter(|asked| asked.len() == count)
    })
    .await;
    asked.iter().map(|event| event.decode().expect("its shape")).collect()
}

fn relabel(ids: &[RecordId], label: &str) -> Value {
    json!({"action": "relabel", "ids": ids, "label": label})
}

async fn begin(client: &Client, body: Value) -> Value {
    let started = client.post(BULK, body).await;
    assert_eq!(started.status, 202, "{started:?}");
    started.body["operationId"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn processing_is_asked_in_the_persons_name_and_its_answers_end_the_items() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    create_label(&app, tenant, "spam").await;
    let ids = send(&admin, "shop", 5).await;
    assert_eq!(admin.post(&format!("/api/v1/records/{}/archive", ids[4]), json!({})).await.status, 200);
    let counted = admin.post(BULK, json!({"action": "relabel", "ids": ids, "label": "spam", "dryRun": true})).await;
    assert_eq!((counted.status, &counted.body["matched"]), (200, &json!(5)), "{counted:?}");

    // The label's event may still be on its way: this waits for it.
    let operation = begin(&admin, relabel(&ids, "spam")).await;
    let asked = requests(&app, 4).await;
    let event = app.wait_for_event("RELABEL_REQUESTED").await;
    assert_eq!(event.actor.kind, common::identity::ActorKind::User);
    assert!(asked.iter().all(|one| one.wish == RelabelWish::Label { label: "spam".into() }));
    let started: OperationStarted = app.wait_for_event("OPERATION_STARTED").await.decode().expect("its shape");
    assert_eq!((started.action.as_str(), started.label.as_deref()), ("relabel", Some("spam")));

    let outcomes = [
        ReprocessOutcome::Changed,
        ReprocessOutcome::Unchanged,
        ReprocessOutcome::Pinned,
        ReprocessOutcome::UnknownLabel,
    ];
    let news: Vec<Event> = asked.iter().zip(outcomes).map(|(one, outcome)| answer(tenant, one, outcome)).collect();
    app.publish(&news).await;
    app.publish(&news).await;
    let done = ended(&admin, &operation).await;
    assert_eq!(
        (&done["changed"], &done["unchanged"], &done["conflicts"], &done["skipped"], &done["label"]),
        (&json!(1), &json!(1), &json!(1), &json!(2), &json!("spam")),
        "{done}"
    );
    assert_eq!(done["conflictingRecords"], json!([asked[2].record.record_id]));
    let mut reasons: Vec<Value> =
        items(&admin, &done, "&result=skipped").await.iter().map(|item| item["reason"].clone()).collect();
    reasons.sort_by_key(ToString::to_string);
    assert_eq!(reasons, ["archived", "unknown_label"]);

    let made: Reprocessed = news[0].decode().expect("its shape");
    let reverted = admin.post(&revert_path(&done), json!({})).await;
    assert_eq!((reverted.status, &reverted.body["matched"]), (202, &json!(1)), "{reverted:?}");
    let undo = requests(&app, 5).await.pop().expect("the last one");
    let wish = RelabelWish::Undo { decision_id: made.decision_id, before: made.previous_decision_id };
    assert_eq!((undo.record.record_id, undo.wish.clone()), (made.record_id, wish));
    app.publish(&[answer(tenant, &undo, ReprocessOutcome::Pinned)]).await;
    let undone = ended(&admin, &reverted.body["operationId"]).await;
    assert_eq!((&undone["changed"], &undone["conflicts"]), (&json!(0), &json!(1)), "changed by a person since");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_must_be_known_and_callers_allowed_to_decide() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let ids = send(&admin, "shop", 1).await;
    let gone = create_label(&app, tenant, "gone").await;
    create_label(&app, TenantId::generate(), "theirs").await;
    app.publish(&[told(tenant, &LabelDeleted { label_id: gone, name: "gone".into(), version: 1 })]).await;
    app.owner_sql("UPDATE record_facets SET label = 'old'").await;
    wait_until("the labels are known", async || (app.count("labels WHERE deleted").await == 1).then_some(())).await;
    wait_until("the record is listed", async || (app.count("record_facets").await == 1).then_some(())).await;
    for name in ["never", "gone", "theirs"] {
        let refused = admin.post(BULK, relabel(&ids, name)).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (422, Some("unknown_label")), "{refused:?}");
        assert_eq!(refused.body["context"]["label"], name);
    }
    app.owner_sql("UPDATE record_facets SET label = 'old'").await;
    let known = admin.post(BULK, json!({"action": "relabel", "ids": ids, "label": "old", "dryRun": true})).await;
    assert_eq!(known.status, 200, "a record has it, so it was made before this service listened: {known:?}");
    let agent = app.caller(tenant, Role::Agent);
    let refused = agent.post(BULK, relabel(&ids, "old")).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (403, Some("forbidden")), "{refused:?}");
    assert_eq!(refused.body["context"]["permission"], "approvals:decide");
    assert_eq!(app.count("operations").await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_goes_with_relabelling_only() {
    let app = start_api_only().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let id = RecordId::generate();
    for (body, rule) in [
        (json!({"action": "relabel", "ids": [id]}), "required"),
        (json!({"action": "relabel", "ids": [id], "label": ""}), "min_length"),
        (json!({"action": "relabel", "ids": [id], "label": "x".repeat(201)}), "max_length"),
        (json!({"action": "relabel", "ids": [id], "label": 7}), "type"),
        (json!({"action": "archive", "ids": [id], "label": "x"}), "unexpected"),
    ] {
        let answer = admin.post(BULK, body.clone()).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (422, Some("validation_failed")), "{body}");
        assert_eq!(answer.body["context"]["fields"][0]["rule"], rule, "{body} {answer:?}");
    }
    app.stop().await;
}
