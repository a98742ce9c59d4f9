//! What every call on records, operations, files and imports refuses, as its documentation says.

use common::{RecordId, Role, TenantId};
use serde_json::{Value, json};
use test_support::Answer;

use crate::operations::{BULK, send};
use crate::{start, start_api_only};

const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";
const JSON: (&str, &str) = ("content-type", "application/json");

/// POSTs that take a body of JSON, and what is a good one.
fn posts() -> Vec<(&'static str, Value)> {
    vec![
        ("/records", json!({"raw": 1})),
        ("/records/bulk", json!({"action": "archive", "ids": [NOBODY]})),
        ("/records/{id}/archive", json!({})),
        ("/records/{id}/restore", json!({})),
        ("/records/{id}/reprocess", json!({})),
        ("/records/{id}/expunge-raw", json!({})),
        ("/records/{id}/attachments", json!({"fileId": NOBODY})),
        ("/records/imports/{id}/cancel", json!({})),
        ("/operations/{id}/revert", json!({})),
        ("/operations/{id}/cancel", json!({})),
    ]
}

/// GETs and DELETEs of one thing.
const OTHERS: [(&str, &str); 12] = [
    ("GET", "/records/{id}"),
    ("GET", "/records/{id}/history"),
    ("GET", "/records/{id}/attachments"),
    ("DELETE", "/records/{id}/attachments/0190a000-0000-7000-8000-000000000000"),
    ("GET", "/records/imports/{id}"),
    ("GET", "/records/imports/{id}/rejected"),
    ("GET", "/operations/{id}"),
    ("GET", "/operations/{id}/items"),
    ("GET", "/files/{id}"),
    ("GET", "/files/{id}/content"),
    ("DELETE", "/files/{id}"),
    ("GET", "/records/{id}/history?limit=1"),
];

fn at(path: &str, id: &str) -> String {
    format!("/api/v1{}", path.replace("{id}", id))
}

fn told(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_none() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    for (path, good) in posts() {
        let path = at(path, NOBODY);
        let send = async |headers: &[(&str, &str)], body: Vec<u8>| owner.send_raw("POST", &path, headers, body).await;
        assert_eq!(told(&send(&[JSON], b"{".to_vec()).await), (400, "invalid_request"), "{path}");
        assert_eq!(told(&send(&[JSON], b"[]".to_vec()).await), (422, "validation_failed"), "{path}");
        assert_eq!(told(&send(&[JSON], b"{\"colour\":1}".to_vec()).await), (422, "validation_failed"), "{path}");
        let text = [("content-type", "text/plain")];
        assert_eq!(told(&send(&text, good.to_string().into_bytes()).await), (415, "unsupported_media_type"), "{path}");
        let key = "k".repeat(256);
        let with_key = [JSON, ("idempotency-key", key.as_str())];
        let answer = send(&with_key, good.to_string().into_bytes()).await;
        assert!(matches!(told(&answer), (400, "invalid_request") | (422, "validation_failed")), "{path} {answer:?}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_or_nobodys() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let posts: Vec<_> = posts().into_iter().filter(|(path, _)| path.contains("{id}")).collect();
    let calls = posts.iter().map(|(path, body)| ("POST", *path, Some(body.clone())));
    for (method, path, body) in calls.chain(OTHERS.map(|(method, path)| (method, path, None))) {
        let odd = owner.send(method, &at(path, "seven"), &[], body.clone()).await;
        assert_eq!(told(&odd), (400, "invalid_request"), "{method} {path} {odd:?}");
        let nobody = owner.send(method, &at(path, NOBODY), &[], body).await;
        assert_eq!(told(&nobody), (404, "not_found"), "{method} {path} {nobody:?}");
    }
    for path in ["/records", "/records/imports", "/operations", "/records/export"] {
        for query in ["colour=red", "limit=x", "cursor=!"] {
            let answer = owner.get(&format!("/api/v1{path}?{query}")).await;
            assert_eq!(told(&answer), (400, "invalid_request"), "{path}?{query}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_has_its_limit() {
    let app = start_api_only().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    send(&admin, "shop", 1).await;
    app.owner_sql(
        "INSERT INTO records (id, tenant_id, source, text, attributes, status, received_at, updated_at) \
         SELECT gen_random_uuid(), tenant_id, 'shop', 'x', '{}', 'ingested', received_at, received_at \
         FROM records, generate_series(1, 100000)",
    )
    .await;
    let refused = admin.post(BULK, json!({"action": "archive", "filter": {}})).await;
    assert_eq!(told(&refused), (422, "validation_failed"));
    assert_eq!(refused.body["context"]["fields"][0]["rule"], "max_items", "{refused:?}");
    assert_eq!(app.count("operations").await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_change_is_not_acted_on() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let record: RecordId = send(&admin, "shop", 1).await[0];
    for verb in ["archive", "restore", "expunge-raw"] {
        let path = format!("/api/v1/records/{record}/{verb}");
        for odd in ["7", "\"x\""] {
            let answer = admin.send("POST", &path, &[("if-match", odd)], Some(json!({}))).await;
            assert!(matches!(told(&answer), (400, _) | (412, "version_conflict")), "{verb} {odd} {answer:?}");
        }
        let answer = admin.send("POST", &path, &[("if-match", "\"99\"")], Some(json!({}))).await;
        assert_eq!(told(&answer), (412, "version_conflict"), "{verb}");
    }
    app.finish().await;
}
