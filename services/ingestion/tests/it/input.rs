//! Bad input: the documented 4xx, never a 500, nothing stored.

use common::{Role, TenantId};
use serde_json::{Value, json};

use crate::sender::connect;
use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_none() {
    let app = start().await;
    let agent = app.caller(TenantId::generate(), Role::Agent);
    let long = "x".repeat(70_000);
    let cases: Vec<(Value, &str)> = vec![
        (json!({}), "raw"),
        (json!({"raw": null}), "raw"),
        (json!([]), "$"),
        (json!({"raw": 1, "colour": 2}), "colour"),
        (json!({"externalId": "", "raw": 1}), "externalId"),
        (json!({"externalId": 5, "raw": 1}), "externalId"),
        (json!({"externalId": "x".repeat(256), "raw": 1}), "externalId"),
        (json!({"source": " ", "raw": 1}), "source"),
        (json!({"raw": "a\u{0}"}), "$"),
        (json!({"normalized": {}}), "normalized"),
        (json!({"normalized": {"text": long}}), "normalized.text"),
        (json!({"normalized": {"text": "t", "amount": 5}}), "normalized.amount"),
        (json!({"normalized": {"text": "t", "amount": "1e9"}}), "normalized.amount"),
        (json!({"normalized": {"text": "t", "amount": "1234567890123456789"}}), "normalized.amount"),
        (json!({"normalized": {"text": "t", "currency": "eur"}}), "normalized.currency"),
        (json!({"normalized": {"text": "t", "occurredAt": "soon"}}), "normalized.occurredAt"),
        (json!({"normalized": {"text": "t", "occurredAt": "-262143-01-01T00:00:00Z"}}), "normalized.occurredAt"),
        (json!({"normalized": {"text": "t", "attributes": {"a": {"b": 1}}}}), "normalized.attributes.a"),
        (json!({"normalized": {"text": "t", "attributes": {"": 1}}}), "normalized.attributes."),
        (json!({"normalized": {"text": "t", "colour": 1}}), "normalized.colour"),
    ];
    for (body, path) in cases {
        let answer = agent.post("/api/v1/records", body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{body} {answer:?}"
        );
        assert_eq!(answer.body["context"]["fields"][0]["path"], path, "{body} {answer:?}");
    }
    let json = [("content-type", "application/json")];
    for (headers, body, status) in [
        (&json[..], &b"{"[..], 400),
        (&json, b"", 400),
        (&json, b"{\"raw\":1e999}", 422),
        (&json, b"{\"raw\":\"\xff\xfe\"}", 400),
        (&[("content-type", "text/plain")], b"{\"raw\":1}", 415),
        (&[], b"{\"raw\":1}", 415),
        (&[("content-type", "application/json"), ("idempotency-key", "")], b"{\"raw\":1}", 400),
    ] {
        let answer = agent.send_raw("POST", "/api/v1/records", headers, body.to_vec()).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let huge = json!({"raw": "x".repeat(2 << 20)});
    assert_eq!(agent.post("/api/v1/records", huge).await.status, 413);
    assert_eq!(app.count("records").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn integrations_that_are_none() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let attributes: serde_json::Map<String, Value> = (0..65).map(|n| (format!("a{n}"), json!(7))).collect();
    for (body, path) in [
        (json!({"provider": "pigeon", "name": "n"}), "provider"),
        (json!({"provider": "generic"}), "$"),
        (json!({"provider": "generic", "name": ""}), "name"),
        (json!({"provider": "generic", "name": "x".repeat(201)}), "name"),
        (json!({"provider": "generic", "name": "a\u{0}"}), "name"),
        (json!({"provider": "generic", "name": "n", "colour": 1}), "colour"),
        (json!({"provider": "generic", "name": "n", "config": []}), "config"),
        (json!({"provider": "generic", "name": "n", "config": {"hash": "md5"}}), "config.hash"),
        (
            json!({"provider": "generic", "name": "n", "config": {"toleranceSeconds": 86_401}}),
            "config.toleranceSeconds",
        ),
        (json!({"provider": "github", "name": "n", "config": {"header": "x"}}), "config.header"),
        (json!({"provider": "generic", "name": "n", "mapping": 3}), "mapping"),
        (json!({"provider": "generic", "name": "n", "mapping": {"text": "no path"}}), "mapping.text"),
        (json!({"provider": "generic", "name": "n", "mapping": {"colour": "$.x"}}), "mapping.colour"),
        (json!({"provider": "generic", "name": "n", "mapping": {"attributes": attributes}}), "mapping.attributes"),
    ] {
        let answer = admin.post("/api/v1/integrations", body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{body} {answer:?}"
        );
        assert_eq!(answer.body["context"]["fields"][0]["path"], path, "{body} {answer:?}");
    }
    assert_eq!(app.count("integrations").await, 0);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    for body in [
        json!({"status": "broken"}),
        json!({"name": null}),
        json!({"status": null}),
        json!({"config": null}),
        json!({"provider": "github"}),
        json!({"mapping": {"text": 5}}),
    ] {
        let answer = admin.patch(&own, body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{body} {answer:?}"
        );
    }
    let answer = admin.send("PATCH", &own, &[("if-match", "x")], Some(json!({"name": "n"}))).await;
    assert_eq!(answer.status, 400);
    assert_eq!(app.count("integrations WHERE version = 1").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_methods_and_identities() {
    let app = start().await;
    let (admin, nobody) = (app.caller(TenantId::generate(), Role::Admin), app.anonymous());
    for (method, path, allow) in [
        ("PUT", "/api/v1/records", "GET, POST"),
        ("GET", "/api/v1/records/batch", "POST"),
        ("DELETE", "/api/v1/integrations", "GET, POST"),
        ("POST", "/api/v1/integrations/providers", "GET"),
    ] {
        let answer = admin.send(method, path, &[], None).await;
        // A word in the place of an id is a malformed id.
        assert!(answer.status == 405 && answer.header("allow") == Some(allow), "{method} {path} {answer:?}");
    }
    for path in ["/api/v1/records/7", "/api/v1/integrations/7", "/api/v1/integrations/7/deliveries"] {
        let answer = admin.get(path).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{path}");
    }
    assert_eq!(admin.get(&format!("/api/v1/records/{}", common::RecordId::generate())).await.status, 404);
    for path in ["/api/v1/records", "/api/v1/integrations", "/api/v1/integrations/providers"] {
        let answer = nobody.get(path).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some("unauthenticated")), "{path}");
    }
    assert_eq!(nobody.post("/api/v1/records", json!({"raw": 1})).await.status, 401);
    assert_eq!(nobody.post("/api/v1/records/batch", json!([{"raw": 1}])).await.status, 401);
    app.finish().await;
}
