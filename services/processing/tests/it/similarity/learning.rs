//! What people decide is learnt at once, and unlearnt when it is taken back.

use common::event::{ApprovalOutcome, Event, RelabelRequested, RelabelWish, Reprocessed};
use common::{Clock as _, OperationId, SystemClock};
use processing::Processing;
use serde_json::json;
use test_support::{TestApp, wait_until};

use super::{SETTINGS, fitted, receipt, records, teach, tenant, text_of};
use crate::support::{Tenant, approved, event, ingested, person, settings, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_counts_at_once_and_until_it_is_taken_back() {
    let app = start().await;
    let tenant = tenant(&app).await;
    teach(&app, &tenant, &records(0, 6)).await;
    let (id, first) = receipt(&app, &tenant, "zebra crossing in the rain").await;
    assert_ne!(first["reasoning"]["neighbours"][0]["similarity"], json!(1.0));
    let record = common::event::RecordSnapshot { record_id: id, ..snapshot("zebra crossing in the rain") };
    let operation = async |wish: RelabelWish| {
        let asked_at = SystemClock.now();
        let operation_id = OperationId::generate();
        let data = RelabelRequested { record: record.clone(), operation_id, asked_at, wish };
        app.publish(&[event(tenant.id, "ingestion", person("ann"), &data)]).await;
        wait_until("the answer", async || {
            let told = app.events_of("REPROCESSED").await;
            let mut answers = told.iter().map(|event| event.decode::<Reprocessed>().expect("its shape"));
            answers.find(|answer| answer.operation_id == Some(operation_id))
        })
        .await
    };
    let made = operation(RelabelWish::Label { label: "invoice".into() }).await;
    // No fit is waited for: the memory itself has learnt it.
    let (_, second) = receipt(&app, &tenant, "zebra crossing in the rain").await;
    let nearest = &second["reasoning"]["neighbours"][0];
    assert_eq!((&nearest["recordId"], &nearest["label"]), (&json!(id), &json!("invoice")), "{second:#}");
    assert!(nearest["similarity"].as_f64().is_some_and(|similarity| similarity > 0.999));

    let undone =
        operation(RelabelWish::Undo { decision_id: made.decision_id, before: made.previous_decision_id }).await;
    assert_eq!(undone.previous_decision_id, Some(made.decision_id));
    let (_, third) = receipt(&app, &tenant, "zebra crossing in the rain").await;
    let neighbours = third["reasoning"]["neighbours"].as_array().expect("neighbours");
    assert!(neighbours.iter().all(|near| near["recordId"] != json!(id)), "{third:#}");
    assert_eq!(
        app.count(&format!("exemplar_changes WHERE record_id = '{id}'")).await,
        2,
        "learnt once and unlearnt once"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hearing_of_decisions_twice_and_in_any_order_teaches_the_same() {
    let app = start().await;
    let tenant = tenant(&app).await;
    let now = SystemClock.now();
    let record = snapshot("which is it");
    let later = now + chrono::Duration::seconds(1);
    let early =
        event(tenant.id, "approvals", person("Ann"), &approved(&record, ApprovalOutcome::Override, "refund", now));
    let late =
        event(tenant.id, "approvals", person("Bob"), &approved(&record, ApprovalOutcome::Override, "invoice", later));
    for told in [&late, &early, &late, &early] {
        app.publish(std::slice::from_ref(told)).await;
    }
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 2).await;
    let marker = snapshot("marker");
    let last = approved(&marker, ApprovalOutcome::Override, "refund", now);
    app.publish(&[event(tenant.id, "approvals", person("Ann"), &last)]).await;
    tenant.outcomes(marker.record_id, 1).await;
    fitted(&app, &tenant).await;
    let learnt = format!(
        "(SELECT DISTINCT ON (c.record_id) l.name FROM exemplar_changes c JOIN labels l ON l.id = c.label_id \
          WHERE c.record_id = '{}' ORDER BY c.record_id, c.version DESC) AS e WHERE e.name = 'invoice'",
        record.record_id
    );
    assert_eq!(app.count(&learnt).await, 1, "the later decision is the lesson");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_before_the_stage_was_switched_on_is_learnt_in_the_background() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "invoice"]).await;
    tenant.rule("All", "true", "refund").await;
    let taught = records(0, 6);
    super::decided(&app, &tenant, &taught).await;
    let now = SystemClock.now();
    let people: Vec<Event> = taught
        .iter()
        .map(|(record, label)| {
            event(tenant.id, "approvals", person("Ann"), &approved(record, ApprovalOutcome::Override, label, now))
        })
        .collect();
    app.publish(&people).await;
    for (record, _) in &taught {
        tenant.outcomes(record.record_id, 2).await;
    }
    // As it is for who comes from a version without a memory.
    app.owner_sql("TRUNCATE exemplar_changes, memory_heads").await;
    assert_eq!(app.count("embeddings").await, 0);
    assert_eq!(tenant.admin.patch(SETTINGS, json!({"stages": {"rule": false, "embedding": true}})).await.status, 200);
    wait_until("six exemplars", async || {
        (app.count("exemplar_changes WHERE model_id IS NOT NULL").await == 6).then_some(())
    })
    .await;
    fitted(&app, &tenant).await;
    let (_, current) = receipt(&app, &tenant, &text_of("invoice", 77)).await;
    assert_eq!(
        (&current["label"], &current["reasoning"]["neighbours"][0]["label"]),
        (&json!("invoice"), &json!("invoice"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_embeds_everything_anew_in_the_background() {
    let app = start().await;
    let tenant = tenant(&app).await;
    teach(&app, &tenant, &records(0, 6)).await;
    app.owner_sql(
        "UPDATE embeddings SET model_id = 'old:1'; UPDATE exemplar_changes SET model_id = 'old:1'; \
         UPDATE tenant_models SET embedding_model = 'old:1'; UPDATE memory_heads SET embedded_model = 'old:1'; \
         UPDATE scored_decisions SET embedding_model = 'old:1'",
    )
    .await;
    wait_until("new vectors", async || (app.count("embeddings WHERE model_id = 'hashed:1'").await == 6).then_some(()))
        .await;
    let newest = "tenant_models WHERE embedding_model = 'hashed:1' AND exemplars = 6";
    wait_until("a new model", async || (app.count(newest).await >= 1).then_some(())).await;
    let (_, current) = receipt(&app, &tenant, &text_of("refund", 50)).await;
    assert_eq!(current["reasoning"]["embedding"]["modelId"], "hashed:1");
    assert_eq!(current["reasoning"]["neighbours"].as_array().map(Vec::len), Some(5));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_label_is_known_after_the_next_fit() {
    let app = start().await;
    let tenant = tenant(&app).await;
    teach(&app, &tenant, &records(0, 6)).await;
    tenant.label("complaint").await;
    let about: Vec<_> =
        (0..4).map(|number| (snapshot(&format!("your staff was rude to me {number}")), "complaint")).collect();
    teach(&app, &tenant, &about).await;
    super::wait_for_policy(&tenant, "the label is known", |shown| {
        shown["labels"].as_array().is_some_and(|labels| labels.iter().any(|label| label["exemplars"] == 4))
    })
    .await;
    let (_, current) = receipt(&app, &tenant, "the staff was rude").await;
    assert_eq!(current["label"], "complaint", "{current:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_learn_nothing_of_each_other() {
    let app = TestApp::start::<Processing>(settings).await;
    let (ours, theirs) = (tenant(&app).await, tenant(&app).await);
    teach(&app, &ours, &records(0, 8)).await;
    let (_, current) = receipt(&app, &theirs, &text_of("refund", 3)).await;
    assert_eq!(current["reasoning"].get("neighbours"), None, "{current:#}");
    let similar = format!("/api/v1/records/{}/similar", current["recordId"].as_str().expect("an id"));
    assert_eq!(theirs.admin.get(&similar).await.body, json!([]));
    let foreign = ours.admin.get(&similar).await;
    assert_eq!((foreign.status, &foreign.body["code"]), (404, &json!("not_found")));
    assert_eq!(theirs.admin.get(super::CALIBRATION).await.body["exemplars"], 0);
    app.finish().await;
}
