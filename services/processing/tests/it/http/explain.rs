//! `POST /processing/explain`: the same words and versions give the same decision.

use common::event::{ApprovalOutcome, ReprocessRequested};
use common::{Actor, Clock as _, DecisionId, RecordId, Role, SystemClock};
use serde_json::{Value, json};
use test_support::wait_until;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start, start_with_model, text};

const PATH: &str = "/api/v1/processing/explain";

async fn explain(tenant: &Tenant, body: Value) -> Value {
    let answer = tenant.admin.post(PATH, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_made_again_from_its_versions_whatever_has_changed_since() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["travel", "meals"]).await;
    let list = json!({"name": "airlines", "values": ["Acme Air"]});
    let list = tenant.admin.post("/api/v1/value-lists", list).await.body;
    let rule = tenant.rule("Flights", "record.text in lists.airlines", "travel").await;
    tenant.rule_with(json!({"name": "Odd", "condition": "record.attributes[\"none\"] == \"x\"", "label": "meals", "priority": 1})).await;
    let (hit, miss) = (snapshot("Acme Air"), snapshot("a sandwich"));
    app.publish(&[ingested(tenant.id, &hit), ingested(tenant.id, &miss)]).await;
    let (decided, undecided) = (tenant.current(hit.record_id).await, tenant.current(miss.record_id).await);

    // Condition, list, label's name and rule set all become others; a rule goes.
    let id = text(&rule["id"]);
    let changed = json!({"condition": "false", "name": "Nothing", "label": "meals"});
    assert_eq!(tenant.admin.patch(&format!("/api/v1/rules/{id}"), changed).await.status, 200);
    let path = format!("/api/v1/value-lists/{}", text(&list["id"]));
    assert_eq!(tenant.admin.patch(&path, json!({"values": ["Other"]})).await.status, 200);
    let labels = tenant.admin.get("/api/v1/labels").await.body;
    let travel = labels.as_array().and_then(|all| all.iter().find(|label| label["name"] == "travel")).expect("there");
    let path = format!("/api/v1/labels/{}", text(&travel["id"]));
    assert_eq!(tenant.admin.patch(&path, json!({"name": "trips"})).await.status, 200);

    let explained = explain(&tenant, json!({"recordId": hit.record_id})).await;
    assert_eq!(
        (&explained["same"], &explained["differences"], &explained["note"]),
        (&json!(true), &json!([]), &json!(null))
    );
    for field in ["label", "stage", "confidence", "status", "reasoning", "rules"] {
        assert_eq!(explained["remade"][field], decided[field], "{field}");
        assert_eq!(explained["stored"][field], decided[field], "{field}");
    }
    assert_eq!(explained["remade"]["label"], "travel", "by the name of then");
    let explained = explain(&tenant, json!({"recordId": miss.record_id, "decisionId": undecided["id"]})).await;
    assert_eq!((&explained["same"], &explained["remade"]["rules"]), (&json!(true), &undecided["rules"]));
    assert!(explained["remade"]["rules"].as_array().is_some_and(|rules| rules.iter().any(|r| r["outcome"] == "error")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_rule_stage_off_the_decision_comes_out_the_same() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    tenant.rule("All", "true", "a").await;
    tenant.admin.patch("/api/v1/processing/settings", json!({"stages": {"rule": false}})).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.current(record.record_id).await;
    tenant.admin.patch("/api/v1/processing/settings", json!({"stages": {"rule": true}})).await;
    let explained = explain(&tenant, json!({"recordId": record.record_id})).await;
    assert_eq!((&explained["same"], &explained["remade"]["label"]), (&json!(true), &json!(null)), "{explained}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_persons_decision_the_machines_before_it_is_made_again() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b"]).await;
    tenant.rule_with(json!({"name": "R", "condition": "true", "label": "a", "requiresReview": true})).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let proposal = tenant.current(record.record_id).await;
    let mut decision = approved(&record, ApprovalOutcome::Override, "b", SystemClock.now());
    decision.proposal.decision_id = text(&proposal["id"]).parse().expect("a UUID");
    app.publish(&[event(tenant.id, "approvals", person("ann"), &decision)]).await;
    tenant.outcomes(record.record_id, 2).await;
    let explained = explain(&tenant, json!({"recordId": record.record_id})).await;
    assert_eq!((&explained["same"], &explained["stored"]["id"]), (&json!(true), &proposal["id"]));
    assert!(text(&explained["note"]).starts_with("A person decided"), "{explained}");

    // One that came before any machine's has nothing behind it.
    let early = snapshot("y");
    let decision = approved(&early, ApprovalOutcome::Override, "b", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("ann"), &decision)]).await;
    tenant.outcomes(early.record_id, 1).await;
    let explained = explain(&tenant, json!({"recordId": early.record_id})).await;
    assert_eq!((&explained["same"], &explained["remade"]), (&json!(null), &json!(null)));
    assert_eq!(explained["stored"]["stage"], "human");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_of_words_that_are_gone_says_so() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    tenant.rule("Old", "record.text == \"old\"", "a").await;
    let mut record = snapshot("old");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let first = tenant.current(record.record_id).await;
    record.normalized.text = "new".into();
    let asked = ReprocessRequested { record: record.clone(), operation_id: None, decision_id: None };
    app.publish(&[event(tenant.id, "ingestion", Actor::service("ingestion"), &asked)]).await;
    let now = wait_until("the second decision", async || {
        let current = tenant.current(record.record_id).await;
        (current["id"] != first["id"]).then_some(current)
    })
    .await;
    let explained = explain(&tenant, json!({"recordId": record.record_id, "decisionId": first["id"]})).await;
    assert_eq!(explained["same"], false);
    assert!(text(&explained["note"]).contains("says something else since"), "{explained}");
    let fields: Vec<&Value> =
        explained["differences"].as_array().expect("a list").iter().map(|one| &one["field"]).collect();
    assert!(fields.contains(&&json!("label")) && fields.contains(&&json!("rule")), "{fields:?}");
    let explained = explain(&tenant, json!({"recordId": record.record_id, "decisionId": now["id"]})).await;
    assert_eq!((&explained["same"], &explained["note"]), (&json!(true), &json!(null)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_made_up_is_decided_by_the_rules_of_the_present_and_not_kept() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a"]).await;
    tenant.rule("Fees", "record.text.contains(\"fee\") && record.source == \"bank\"", "a").await;
    let explained = explain(&tenant, json!({"record": {"text": "a fee", "source": "bank"}})).await;
    assert_eq!((&explained["stored"], &explained["same"]), (&json!(null), &json!(null)));
    assert_eq!((&explained["remade"]["label"], &explained["remade"]["status"]), (&json!("a"), &json!("classified")));
    assert_eq!(explained["remade"]["rules"][0]["outcome"], "matched");
    assert_eq!(app.count("records").await, 0);
    let other = Tenant::new(&app);
    let explained = explain(&other, json!({"record": {"text": "a fee", "source": "bank"}})).await;
    assert_eq!((&explained["remade"]["label"], &explained["remade"]["rules"]), (&json!(null), &json!([])));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_model_is_asked_only_when_it_is_to_be() {
    let fake = fake_model::FakeModel::start().await;
    fake.choose("taxi", "travel");
    let app = start_with_model(&fake.base_url()).await;
    let tenant = Tenant::with_labels(&app, &["travel", "meals"]).await;
    let record = snapshot("a taxi");
    let decided = snapshot("a sandwich that a person knew");
    app.publish(&[ingested(tenant.id, &record), ingested(tenant.id, &decided)]).await;
    tenant.current(record.record_id).await;
    let decision = approved(&decided, ApprovalOutcome::Override, "meals", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("ann"), &decision)]).await;
    tenant.outcomes(decided.record_id, 2).await;
    let body = json!({"recordId": record.record_id, "askModel": true});
    let off = tenant.admin.post(PATH, body.clone()).await;
    assert_eq!((off.status, &off.body["code"]), (409, &json!("conflict")), "{off:?}");
    let on = json!({"stages": {"llm": true}, "llm": {"monthlyBudget": "5"}});
    assert_eq!(tenant.admin.patch("/api/v1/processing/settings", on).await.status, 200);
    assert_eq!(explain(&tenant, json!({"recordId": record.record_id})).await["asked"], Value::Null);
    assert_eq!(fake.count(), 0);
    let asked = explain(&tenant, body.clone()).await["asked"].clone();
    assert_eq!(
        (&asked["label"], &asked["outcome"], &asked["cached"]),
        (&json!("travel"), &json!("decided"), &json!(false))
    );
    let seen = fake.seen();
    assert!(seen[seen.len() - 1].body.to_string().contains("that a person knew"), "shown as an example");
    assert_eq!(explain(&tenant, body.clone()).await["asked"]["cached"], true);
    assert_eq!(fake.count(), 2, "one probe and one question");
    let analyst = app.caller(tenant.id, Role::Analyst).post(PATH, body).await;
    assert_eq!((analyst.status, &analyst.body["code"]), (403, &json!("forbidden")), "{analyst:?}");
    assert_eq!(tenant.current(record.record_id).await["stage"], "none", "nothing is decided by it");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_explained_is_refused() {
    let app = start().await;
    let (tenant, other) = (Tenant::new(&app), Tenant::new(&app));
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let decision = tenant.current(record.record_id).await["id"].clone();
    for body in [
        json!({}),
        json!({"recordId": record.record_id, "record": {"text": "x"}}),
        json!({"decisionId": decision}),
        json!({"decisionId": decision, "record": {"text": "x"}}),
        json!({"record": {"text": "a\u{0}b"}}),
    ] {
        let answer = tenant.admin.post(PATH, body.clone()).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("validation_failed")), "{body}: {answer:?}");
    }
    for body in [
        json!({"recordId": RecordId::generate()}),
        json!({"recordId": record.record_id, "decisionId": DecisionId::generate()}),
    ] {
        let answer = tenant.admin.post(PATH, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")));
    }
    let stolen = other.admin.post(PATH, json!({"recordId": record.record_id})).await;
    assert_eq!((stolen.status, &stolen.body["code"]), (404, &json!("not_found")));
    let agent = app.caller(tenant.id, Role::Agent).post(PATH, json!({"recordId": record.record_id})).await;
    assert_eq!(agent.status, 200, "who may read records may ask; the call itself is the gateway's to allow");
    app.finish().await;
}
