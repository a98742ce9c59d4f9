//! What rules leave open, put to a language model.

use common::event::{ApprovalOutcome, RecordSnapshot, ReviewRequested};
use common::record::{AttributeValue, Stage};
use common::{Clock as _, SystemClock};
use fake_model::{FakeModel, ModelFault};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start_with_model, text};

const SETTINGS: &str = "/api/v1/processing/settings";

async fn tenant_with_model(app: &TestApp, budget: &str) -> Tenant {
    let tenant = Tenant::with_labels(app, &["meals", "travel"]).await;
    tenant.rule("Rent", "record.text.contains(\"rent\")", "meals").await;
    let on = json!({"stages": {"llm": true}, "llm": {"monthlyBudget": budget}, "targetErrorRate": 0.1,
                    "autoAcceptThreshold": 0.8});
    let answer = tenant.admin.patch(SETTINGS, on).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    tenant
}

async fn decided(app: &TestApp, tenant: &Tenant, record: &RecordSnapshot) -> Value {
    app.publish(&[ingested(tenant.id, record)]).await;
    tenant.current(record.record_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_rule_decides_the_model_proposes_and_a_person_is_asked_once() {
    let fake = FakeModel::start().await;
    fake.choose("taxi", "travel");
    let app = start_with_model(&fake.base_url()).await;
    let tenant = tenant_with_model(&app, "5").await;
    let by_rule = decided(&app, &tenant, &snapshot("the rent")).await;
    assert_eq!((&by_rule["stage"], fake.count()), (&json!("rule"), 0), "what a rule decides is asked of nobody");
    let record = snapshot("a taxi");
    let current = decided(&app, &tenant, &record).await;
    assert_eq!((&current["stage"], &current["label"]), (&json!("llm"), &json!("travel")), "{current}");
    assert_eq!((&current["status"], &current["sequence"]), (&json!("pending_review"), &json!(1)));
    let reasoning = &current["reasoning"];
    assert_eq!(reasoning["whyHuman"], "no_threshold", "nobody has confirmed anything of it yet");
    assert_eq!((&reasoning["llm"]["model"], &reasoning["llm"]["calls"]), (&json!("model-a"), &json!(1)));
    assert_eq!(text(&reasoning["llm"]["promptHash"]).len(), 64);
    let told: ReviewRequested = app.wait_for_event("REVIEW_REQUESTED").await.decode().expect("its shape");
    assert_eq!((told.proposal.stage, told.proposal.label.as_deref()), (Stage::Llm, Some("travel")));
    assert_eq!(told.proposal.reasoning.llm.map(|llm| llm.calls), Some(1));
    // The same words again: decided by the answer that is kept.
    let again = decided(&app, &tenant, &snapshot("a taxi")).await;
    assert_eq!((&again["label"], &again["reasoning"]["llm"]["cached"]), (&json!("travel"), &json!(true)));
    let explained = tenant.admin.post("/api/v1/processing/explain", json!({"recordId": record.record_id})).await;
    assert_eq!((&explained.body["same"], &explained.body["differences"]), (&json!(true), &json!([])), "{explained:?}");
    assert_eq!(fake.count(), 2, "one probe and one question");
    assert_eq!(app.events_of("CLASSIFIED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_does_not_answer_is_a_persons_with_the_reason() {
    let fake = FakeModel::start().await;
    let app = start_with_model(&fake.base_url()).await;
    let tenant = tenant_with_model(&app, "5").await;
    let mut marked = snapshot("a secret");
    marked.normalized.attributes.insert("doNotSend".into(), AttributeValue::Bool(true));
    let current = decided(&app, &tenant, &marked).await;
    assert_eq!((&current["stage"], &current["reasoning"]["whyHuman"]), (&json!("none"), &json!("not_sent")));
    assert_eq!(fake.count(), 0, "it never left");
    let poor = tenant_with_model(&app, "0.000001").await;
    let current = decided(&app, &poor, &snapshot("a taxi")).await;
    assert_eq!((&current["reasoning"]["whyHuman"], fake.count()), (&json!("over_budget"), 1), "one probe, no question");
    fake.always(Some(ModelFault::Status(401)));
    let current = decided(&app, &tenant, &snapshot("a taxi")).await;
    assert_eq!(current["reasoning"]["whyHuman"], "model_unavailable", "{current}");
    assert!(text(&current["reasoning"]["llm"]["detail"]).contains("refuses the key"));
    assert_eq!(current["status"], "pending_review");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_people_have_agreed_often_enough_its_labels_stand_by_themselves() {
    let fake = FakeModel::start().await;
    fake.choose("taxi", "travel");
    let app = start_with_model(&fake.base_url()).await;
    let tenant = tenant_with_model(&app, "5").await;
    let records: Vec<RecordSnapshot> = (0..60).map(|n| snapshot(&format!("taxi number {n}"))).collect();
    let arrived: Vec<_> = records.iter().map(|record| ingested(tenant.id, record)).collect();
    app.publish(&arrived).await;
    let mut agreed = Vec::new();
    for record in &records {
        let proposal = tenant.current(record.record_id).await;
        assert_eq!((&proposal["stage"], &proposal["status"]), (&json!("llm"), &json!("pending_review")));
        let mut decision = approved(record, ApprovalOutcome::Approve, "travel", SystemClock.now());
        decision.proposal.decision_id = text(&proposal["id"]).parse().expect("a UUID");
        agreed.push(event(tenant.id, "approvals", person("ann"), &decision));
    }
    app.publish(&agreed).await;
    for record in &records {
        tenant.outcomes(record.record_id, 2).await;
    }
    // One of five is looked at all the same while a tenant is new.
    let mut stood = 0;
    for n in 0..12 {
        let current = decided(&app, &tenant, &snapshot(&format!("another taxi {n}"))).await;
        let why = &current["reasoning"]["whyHuman"];
        assert!(current["status"] == "classified" || why == "audit", "{current}");
        assert!(current["reasoning"]["llm"]["acceptsFrom"].as_f64().is_some_and(|from| from > 0.8), "{current}");
        stood += usize::from(current["status"] == "classified");
    }
    assert!(stood > 0, "every one was drawn for an audit");
    wait_until("they are told", async || (app.events_of("CLASSIFIED").await.len() == stood).then_some(())).await;
    app.finish().await;
}
