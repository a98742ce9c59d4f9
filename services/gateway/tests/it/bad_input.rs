//! Whatever comes in, the documented refusal goes out and nothing is stored.

use serde_json::json;

use crate::support::{PASSWORD, code, sign_up, start};

#[tokio::test(flavor = "multi_thread")]
async fn bodies() {
    let app = start().await;
    let good = json!({"email": "a@example.com", "password": PASSWORD, "name": "A", "tenantName": "T"});
    let with = |key: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[key] = value;
        body.to_string().into_bytes()
    };
    let deep = format!("{}{}", "[".repeat(200_000 / 16), "]".repeat(200_000 / 16)).into_bytes();
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("empty", Vec::new(), 400, "invalid_request"),
        ("cut", b"{\"email\":".to_vec(), 400, "invalid_request"),
        ("invalid UTF-8", b"{\"email\":\"\xff\xfe\"}".to_vec(), 400, "invalid_request"),
        ("two documents", b"{}{}".to_vec(), 422, "validation_failed"),
        ("an array", b"[]".to_vec(), 422, "validation_failed"),
        ("too large", deep, 413, "payload_too_large"),
        ("missing", b"{}".to_vec(), 422, "validation_failed"),
        ("unknown field", with("admin", json!(true)), 422, "validation_failed"),
        ("wrong type", with("name", json!(1)), 422, "validation_failed"),
        ("null", with("name", json!(null)), 422, "validation_failed"),
        ("NUL", with("name", json!("a\0b")), 422, "validation_failed"),
        ("NUL in an address", with("email", json!("a\0@example.com")), 422, "validation_failed"),
        ("no address", with("email", json!("nobody")), 422, "validation_failed"),
        ("short password", with("password", json!("1234567")), 422, "validation_failed"),
        ("long password", with("password", json!("x".repeat(257))), 422, "validation_failed"),
        ("blank name", with("tenantName", json!("  ")), 422, "validation_failed"),
        ("long name", with("tenantName", json!("x".repeat(201))), 422, "validation_failed"),
    ];
    for (what, body, status, expected) in cases {
        let json = [("content-type", "application/json")];
        let answer = app.anonymous().send_raw("POST", "/api/v1/auth/signup", &json, body).await;
        assert_eq!((answer.status, code(&answer)), (status, expected), "{what}: {answer:?}");
        if expected == "validation_failed" {
            assert!(answer.body["error"]["context"]["fields"][0]["rule"].is_string(), "{what}: {answer:?}");
        }
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = app.anonymous().send_raw("POST", "/api/v1/auth/signup", &form, b"email=a".to_vec()).await;
    assert_eq!((answer.status, code(&answer)), (415, "unsupported_media_type"));
    assert_eq!((app.count("users").await, app.count("tenants").await, app.count("outbox").await), (0, 0, 0));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_queries_and_headers() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    for (method, path) in [
        ("GET", "/api/v1/auth/sessions?limit=0"),
        ("GET", "/api/v1/auth/sessions?limit=201"),
        ("GET", "/api/v1/auth/sessions?limit=-1"),
        ("GET", "/api/v1/auth/sessions?limit=99999999999999999999"),
        ("GET", "/api/v1/auth/sessions?limit=ten"),
        ("GET", "/api/v1/auth/sessions?cursor=!!!"),
        ("GET", "/api/v1/auth/sessions?cursor=e30"),
        ("GET", "/api/v1/auth/sessions?cursor=%00"),
        ("GET", "/api/v1/auth/sessions?page=2"),
        ("GET", "/api/v1/auth/api-keys?cursor=bm90IGpzb24"),
        ("GET", "/api/v1/tenants?limit=1&limit=2"),
        ("GET", "/api/v1/tenants/current/members?cursor=WzEsMl0"),
        ("DELETE", "/api/v1/auth/sessions/not-a-uuid"),
        ("DELETE", "/api/v1/auth/api-keys/%00"),
        ("DELETE", "/api/v1/tenants/current/members/%ff"),
    ] {
        let answer = ann.send(method, path, &[], None).await;
        assert_eq!((answer.status, code(&answer)), (400, "invalid_request"), "{method} {path}: {answer:?}");
    }
    let key = "x".repeat(256);
    for key in ["", key.as_str()] {
        let body = Some(json!({"name": "k", "role": "agent"}));
        let answer = ann.send("POST", "/api/v1/auth/api-keys", &[("idempotency-key", key)], body).await;
        assert_eq!((answer.status, code(&answer)), (400, "invalid_request"));
    }
    let answer = ann.send("PATCH", "/api/v1/tenants/current", &[("if-match", "abc")], Some(json!({"name": "x"}))).await;
    assert_eq!((answer.status, code(&answer)), (400, "invalid_request"));
    for body in [
        json!({"name": "k", "role": "king"}),
        json!({"name": "k", "role": "agent", "scopes": ["rules:read"]}),
        json!({"name": "k", "role": "agent", "scopes": []}),
        json!({"name": "k", "role": "agent", "scopes": ["records:read", "records:read"]}),
        json!({"name": "k", "role": "agent", "expiresAt": "tomorrow"}),
    ] {
        let answer = ann.post("/api/v1/auth/api-keys", body).await;
        assert_eq!((answer.status, code(&answer)), (422, "validation_failed"), "{answer:?}");
    }
    assert_eq!(app.count("api_keys").await, 0);
    app.finish().await;
}
