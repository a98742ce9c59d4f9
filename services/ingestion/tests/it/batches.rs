//! Many records at once.

use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::{Answer, Client};

use crate::{start, start_api_only};

const PATH: &str = "/api/v1/records/batch";

async fn send_lines(client: &Client, lines: &str) -> Answer {
    client.send_raw("POST", PATH, &[("content-type", "application/x-ndjson")], lines.into()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn arrays_and_lines_are_taken_and_bad_items_rejected() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let items = json!([
        {"externalId": "a", "raw": "one"},
        {"externalId": "a", "raw": "one again"},
        {"raw": "two", "colour": "red"},
        {"normalized": {"text": "three", "currency": "euro"}},
        {"raw": "nul \u{0}"},
        7,
        {"normalized": {"text": "four"}},
    ]);
    let answer = agent.post(PATH, items).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!((&answer.body["accepted"], &answer.body["duplicates"]), (&json!(2), &json!(1)));
    let rejected: Vec<_> =
        answer.body["rejected"].as_array().expect("a list").iter().map(|r| r["index"].clone()).collect();
    assert_eq!(rejected, [2, 3, 4, 5]);
    assert!(answer.body["rejected"].as_array().expect("a list").iter().all(|r| r["code"] == "validation_failed"));
    let ids = answer.body["ids"].as_array().expect("a list");
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[1]);

    let lines = "{\"externalId\":\"a\",\"raw\":1}\n\n{\"raw\":2}\r\n{broken\n{\"raw\":3}";
    let answer = send_lines(&agent, lines).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!((&answer.body["accepted"], &answer.body["duplicates"]), (&json!(2), &json!(1)));
    assert_eq!(answer.body["rejected"][0]["index"], 2);
    assert_eq!(answer.body["rejected"][0]["code"], "invalid_request");
    assert_eq!(answer.body["ids"][0], ids[0]);
    assert_eq!(app.count("records").await, 4);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_and_no_more() {
    let app = start_api_only().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let items = |count: usize| Value::Array((0..count).map(|n| json!({"raw": format!("record {n}")})).collect());
    let answer = agent.post(PATH, items(1_000)).await;
    assert_eq!((answer.status, &answer.body["accepted"]), (202, &json!(1_000)), "{answer:?}");
    let too_many = agent.post(PATH, items(1_001)).await;
    assert_eq!((too_many.status, too_many.body["code"].as_str()), (422, Some("validation_failed")));
    let lines = send_lines(&agent, &"{\"raw\":1}\n".repeat(1_002)).await;
    assert_eq!((lines.status, lines.body["context"]["fields"][0]["rule"].as_str()), (422, Some("max_items")));
    let none = agent.post(PATH, json!([])).await;
    assert_eq!(none.status, 422);
    assert_eq!(app.count("records").await, 1_000);
    assert_eq!(app.count("outbox").await, 1_000, "without a worker the events wait");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_none_is_refused_whole() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let json = [("content-type", "application/json")];
    for (headers, body, status, code) in [
        (&json[..], "[{\"raw\":1},", 400, "invalid_request"),
        (&json, "{\"raw\":1}", 422, "validation_failed"),
        (&json, "", 400, "invalid_request"),
        (&json, "[{\"raw\":1}] x", 400, "invalid_request"),
        (&[("content-type", "text/csv")], "a,b", 415, "unsupported_media_type"),
        (&[], "[]", 415, "unsupported_media_type"),
    ] {
        let answer = agent.send_raw("POST", PATH, headers, body.into()).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{body} {answer:?}");
    }
    assert_eq!(app.count("records").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_batch_once() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let (key, body) = ([("idempotency-key", "k")], json!([{"raw": 1}, {"bad": 2}]));
    let first = agent.send("POST", PATH, &key, Some(body.clone())).await;
    let again = agent.send("POST", PATH, &key, Some(body)).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    assert_eq!(again.body, first.body);
    assert_eq!(app.count("records").await, 1);
    app.finish().await;
}
