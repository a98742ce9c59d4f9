//! Records sent through the API.

use common::{Role, TenantId};
use serde_json::json;

use crate::{all_at_once, start};

const PATH: &str = "/api/v1/records";

#[tokio::test(flavor = "multi_thread")]
async fn raw_and_normalised_records_are_taken() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let raw = agent.post(PATH, json!({"raw": {"text": "plain", "amount": 3, "z": 1}})).await;
    assert_eq!(raw.status, 202, "{raw:?}");
    assert_eq!((&raw.body["status"], &raw.body["duplicate"]), (&json!("ingested"), &json!(false)));
    let shown = agent.get(&format!("{PATH}/{}", raw.body["id"].as_str().expect("id"))).await;
    assert_eq!((&shown.body["source"], &shown.body["externalId"]), (&json!("api"), &json!(null)));
    assert_eq!(shown.body["normalized"]["amount"], "3");
    assert_eq!(shown.body["raw"], json!({"text": "plain", "amount": 3, "z": 1}));
    assert_eq!(shown.header("etag"), Some("\"1\""));

    let normalized = json!({"title": "T", "text": "t", "amount": "-1.10", "currency": "EUR", "counterparty": "C",
        "occurredAt": "2026-01-02T03:04:05Z", "attributes": {"a": true, "b": 1.5, "c": "d"}});
    let body = json!({"externalId": "x-1", "source": "ledger", "normalized": normalized});
    let made = agent.post(PATH, body).await;
    let shown = agent.get(&format!("{PATH}/{}", made.body["id"].as_str().expect("id"))).await;
    assert_eq!(shown.body["normalized"], normalized);
    assert_eq!((&shown.body["raw"], &shown.body["source"]), (&json!(null), &json!("ledger")));
    let event = app.wait_for_event("INGESTED").await;
    assert_eq!(event.actor.name.as_deref(), Some("agent@example.com"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_external_id_is_the_same_record() {
    let app = start().await;
    let tenant = TenantId::generate();
    let agent = app.caller(tenant, Role::Agent);
    let body = json!({"externalId": "x-1", "source": "crm", "raw": "one"});
    let answers = all_at_once((0..10).map(|_| agent.post(PATH, body.clone()))).await;
    assert!(answers.iter().all(|answer| answer.status == 202), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.body["duplicate"] == false).count(), 1);
    assert!(answers.iter().all(|answer| answer.body["id"] == answers[0].body["id"]));
    let elsewhere = agent.post(PATH, json!({"externalId": "x-1", "source": "shop", "raw": "two"})).await;
    assert_eq!(elsewhere.body["duplicate"], false);
    let stranger = app.caller(TenantId::generate(), Role::Agent).post(PATH, body).await;
    assert_eq!(stranger.body["duplicate"], false, "another tenant's ids are its own");
    assert_eq!(app.count("records").await, 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_request_once() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let (key, body) = ([("idempotency-key", "k")], json!({"raw": "text"}));
    let first = agent.send("POST", PATH, &key, Some(body.clone())).await;
    assert_eq!(first.status, 202, "{first:?}");
    let again = agent.send("POST", PATH, &key, Some(body)).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    assert_eq!(again.body, first.body);
    let other = agent.send("POST", PATH, &key, Some(json!({"raw": "other"}))).await;
    assert_eq!((other.status, other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    assert_eq!(app.count("records").await, 1);
    app.wait_for_event("INGESTED").await;
    app.finish().await;
}
