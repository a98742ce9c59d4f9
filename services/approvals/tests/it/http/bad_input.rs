//! Whatever is sent: the documented 4xx, and nothing stored.

use common::{Role, TenantId};
use serde_json::{Value, json};

use crate::support::{Question, act, start};

#[tokio::test(flavor = "multi_thread")]
async fn bad_queries_are_refused() {
    let app = start().await;
    let reader = app.caller(TenantId::generate(), Role::Analyst);
    let queries = [
        "colour=red",
        "status=done",
        "stage=brain",
        "assignee=somebody",
        "minConfidence=1.5",
        "maxConfidence=NaN",
        "minConfidence=-0.1",
        "minConfidence=x",
        "olderThanSeconds=-1",
        "olderThanSeconds=4294967296",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=%21%21",
        "cursor=eyJhIjoxfQ",
        "cursor=WzEsMl0",
        "label=a%00b",
        "status=pending&status=approved",
    ];
    for query in queries {
        let answer = reader.get(&format!("/api/v1/approvals?{query}")).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid_request")), "{query}: {answer:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_refused_and_nothing_is_stored() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Admin);
    let approval = Question::of(tenant).open(&app).await;
    let rule = |name: &str, value: Value| {
        let mut rule = json!({"name": "n", "condition": "true"});
        rule[name] = value;
        json!({"label": "x", "rule": rule}).to_string()
    };
    let long = "x".repeat(4_001);
    let cases = [
        ("approve", "{".to_owned(), 400, "invalid_request"),
        ("approve", "\u{feff}{}".to_owned(), 400, "invalid_request"),
        ("approve", "[]".to_owned(), 422, "validation_failed"),
        ("approve", json!({"comment": 5}).to_string(), 422, "validation_failed"),
        ("approve", json!({"comment": long}).to_string(), 422, "validation_failed"),
        ("approve", json!({"comment": "a\0b"}).to_string(), 422, "validation_failed"),
        ("approve", json!({"label": "x"}).to_string(), 422, "validation_failed"),
        ("claim", json!({"minutes": 60}).to_string(), 422, "validation_failed"),
        ("release", "null".to_owned(), 422, "validation_failed"),
        ("override", "{}".to_owned(), 422, "validation_failed"),
        ("override", String::new(), 400, "invalid_request"),
        ("override", json!({"label": ""}).to_string(), 422, "validation_failed"),
        ("override", json!({"label": " "}).to_string(), 422, "validation_failed"),
        ("override", json!({"label": null}).to_string(), 422, "validation_failed"),
        ("override", json!({"label": "x".repeat(201)}).to_string(), 422, "validation_failed"),
        ("override", rule("name", json!("")), 422, "validation_failed"),
        ("override", rule("priority", json!(-1)), 422, "validation_failed"),
        ("override", rule("priority", json!(1_000_001)), 422, "validation_failed"),
        ("override", rule("priority", json!(1e300)), 422, "validation_failed"),
        ("override", rule("priority", json!(1.5)), 422, "validation_failed"),
        ("override", rule("status", json!("on")), 422, "validation_failed"),
        ("override", rule("label", json!("y")), 422, "validation_failed"),
    ];
    for (verb, body, status, code) in cases {
        let headers = [("content-type", "application/json")];
        let answer = ann.send_raw("POST", &act(&approval, verb), &headers, body.clone().into_bytes()).await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{verb} {body:.80}: {answer:?}");
    }
    let (path, json_type) = (act(&approval, "approve"), [("content-type", "application/json")]);
    let garbled = ann.send_raw("POST", &path, &json_type, b"{\"comment\":\"\xff\"}".to_vec()).await;
    assert_eq!((garbled.status, &garbled.body["code"]), (400, &json!("invalid_request")), "{garbled:?}");
    let text = ann.send_raw("POST", &path, &[("content-type", "text/plain")], b"{}".to_vec()).await;
    assert_eq!((text.status, &text.body["code"]), (415, &json!("unsupported_media_type")));
    let huge = ann.send_raw("POST", &path, &json_type, vec![b' '; (1 << 20) + 1]).await;
    assert_eq!((huge.status, &huge.body["code"]), (413, &json!("payload_too_large")));

    assert_eq!(app.count("approvals WHERE version = 1 AND status = 'pending'").await, 1);
    assert_eq!(app.count("approval_events").await + app.count("outbox").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_ids_and_methods_are_refused() {
    let app = start().await;
    let ann = app.caller(TenantId::generate(), Role::Admin);
    let id = TenantId::generate();
    for (method, path) in [
        ("GET", "/api/v1/approvals/not-a-uuid".to_owned()),
        ("POST", "/api/v1/approvals/42/claim".to_owned()),
        ("POST", "/api/v1/approvals/%00/approve".to_owned()),
    ] {
        let answer = ann.send(method, &path, &[], None).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid_request")), "{method} {path}");
    }
    for (method, path) in [
        ("POST", "/api/v1/approvals".to_owned()),
        ("DELETE", format!("/api/v1/approvals/{id}")),
        ("GET", format!("/api/v1/approvals/{id}/claim")),
        ("PUT", "/api/v1/approvals/stats".to_owned()),
    ] {
        let answer = ann.send(method, &path, &[], None).await;
        assert_eq!((answer.status, &answer.body["code"]), (405, &json!("method_not_allowed")), "{method} {path}");
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
    assert_eq!(ann.get("/api/v1/approvals/a/b/c").await.body["code"], "not_found");
    app.finish().await;
}
