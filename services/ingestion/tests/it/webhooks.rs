//! The receiver: what is taken, refused and recognised again.

use common::{Role, TenantId};
use serde_json::{Value, json};

use crate::sender::{connect, connect_as};
use crate::{all_at_once, start};

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_delivers_a_record() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    for provider in ["generic", "standard-webhooks", "github", "stripe", "shopify", "slack", "gitlab"] {
        let source = connect(&app, tenant, provider).await;
        let body = json!({"id": "m-1", "text": "hello", "issue": {"title": "Hi", "body": "hello"},
            "data": {"object": {"description": "hello"}}, "note": "hello", "event": {"text": "hello"},
            "object_attributes": {"note": "hello"},
            "repository": {"full_name": "a/b"}});
        let answer = source.send("d-1", &body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.body["duplicate"], false);
        let record = admin.get(&format!("/api/v1/records/{}", answer.body["recordId"].as_str().expect("id"))).await;
        assert_eq!(record.status, 200, "{record:?}");
        assert_eq!(record.body["normalized"]["text"], "hello");
        assert_eq!(record.body["source"], provider);
        assert_eq!(record.body["integrationId"], source.id.as_str());
        assert_eq!(record.body["status"], "ingested");
        assert_eq!(record.body["raw"], body);
        assert_eq!(record.body["decisions"], json!([]));
        let event = app
            .events_of("INGESTED")
            .await
            .into_iter()
            .find(|event| Some(event.subject.id.as_str()) == answer.body["recordId"].as_str());
        let event = match event {
            Some(event) => event,
            None => app.wait_for_event("INGESTED").await,
        };
        assert_eq!(event.tenant_id, tenant);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_carries_the_record_and_the_trace() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let body = br#"{"id":"m-1","text":"hello","amount":12.5,"currency":"EUR"}"#;
    let mut headers = source.sign("d-1", body, 0);
    headers.push(("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()));
    let answer = source.send_with(&headers, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let event = app.wait_for_event("INGESTED").await;
    assert_eq!(event.trace_id, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(event.source_agent, "ingestion");
    assert_eq!(event.actor.id, source.id);
    let data: Value = serde_json::from_str(event.data.get()).expect("JSON");
    assert_eq!(data["recordId"], answer.body["recordId"]);
    assert_eq!(data["deliveryId"], answer.body["deliveryId"]);
    assert_eq!(data["externalId"], "m-1");
    assert_eq!(data["normalized"]["amount"], "12.5");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_racing_identical_webhooks_make_one_record() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "standard-webhooks").await;
    let body = json!({"text": "once"});
    let answers = all_at_once((0..10).map(|_| source.send("msg_1", &body))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 202]);
    let first = &answers[0].body["recordId"];
    assert!(answers.iter().all(|answer| answer.body["recordId"] == *first && !first.is_null()), "{answers:?}");
    assert_eq!(app.count("records").await, 1);
    assert_eq!(app.count("deliveries WHERE outcome = 'accepted'").await, 1);
    assert_eq!(app.count("deliveries WHERE outcome = 'duplicate' AND record_id IS NOT NULL").await, 9);
    app.wait_for_event("INGESTED").await;
    assert_eq!(app.events_of("INGESTED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sources_and_repeats_at_once_lose_nothing() {
    let app = start().await;
    let (one, other) = (TenantId::generate(), TenantId::generate());
    let sources = [connect(&app, one, "generic").await, connect(&app, other, "github").await];
    // Each delivery is sent three times, in an order that makes groups overlap.
    let sends = (0..300).map(|n: usize| {
        let source = &sources[n % 2];
        async move { source.send(&format!("d-{}", n % 100), &json!({"text": format!("text {}", n % 100)})).await }
    });
    let answers = all_at_once(sends).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 202)), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 100);
    assert_eq!(app.count("records").await, 100);
    assert_eq!(app.count("deliveries").await, 300);
    assert_eq!(
        app.count("deliveries d JOIN records r ON r.delivery_id = d.id AND r.tenant_id = d.tenant_id").await,
        100
    );
    test_support::wait_until("all events", async || (app.events_of("INGESTED").await.len() == 100).then_some(())).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_delivery_id_the_body_tells_repeats() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let send = async |body: &'static str| {
        let headers: Vec<_> =
            source.sign("-", body.as_bytes(), 0).into_iter().filter(|(name, _)| *name != "x-delivery-id").collect();
        source.send_with(&headers, body.as_bytes()).await
    };
    let first = send(r#"{"text":"a"}"#).await;
    assert_eq!(first.status, 202, "{first:?}");
    let again = send(r#"{"text":"a"}"#).await;
    assert_eq!((again.status, &again.body["recordId"]), (200, &first.body["recordId"]));
    assert_ne!(again.body["deliveryId"], first.body["deliveryId"]);
    assert_eq!(send(r#"{"text":"b"}"#).await.status, 202);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_believed_is_refused_and_kept() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let body = br#"{"text":"x"}"#;
    let forger = source.with_secret("guessed");
    let cases = [
        (forger.sign("d-1", body, 0), 401, "invalid_signature"),
        (forger.sign("d-2", body, -999), 401, "invalid_signature"),
        (source.sign("d-3", body, -301), 401, "stale_signature"),
        (source.sign("d-4", body, 320), 401, "stale_signature"),
        (vec![("x-timestamp", "soon".into()), ("x-signature", "zz".into())], 401, "invalid_signature"),
        (vec![], 401, "invalid_signature"),
    ];
    for (headers, status, code) in cases {
        let answer = source.send_with(&headers, body).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
    }
    for unreadable in [&b"not json"[..], b"", b"{\"a\":\"\xff\"}", b"payload=%7B%7D"] {
        let answer = source.send_with(&source.sign("d-9", unreadable, 0), unreadable).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{answer:?}");
    }
    assert_eq!(app.count("records").await, 0);
    assert_eq!(app.count("deliveries WHERE outcome = 'rejected'").await, 10);
    for (reason, count) in [
        ("signature_mismatch", 2),
        ("signature_missing", 2),
        ("timestamp_too_old", 1),
        ("timestamp_in_future", 1),
        ("unparseable_body", 4),
    ] {
        assert_eq!(app.count(&format!("deliveries WHERE reason = '{reason}'")).await, count, "{reason}");
    }
    // A refused delivery does not take the id of the right one.
    assert_eq!(source.send_with(&source.sign("d-1", body, 0), body).await.status, 202);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_integration_is_not_found_and_not_kept() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let client = app.anonymous();
    let nobody = common::IntegrationId::generate();
    for path in [
        format!("/api/v1/integrations/webhooks/generic/{nobody}"),
        format!("/api/v1/integrations/webhooks/github/{}", source.id),
        "/api/v1/integrations/webhooks/generic/not-a-uuid".to_owned(),
    ] {
        let answer = client.post(&path, json!({"text": "x"})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{path} {answer:?}");
    }
    let huge = json!({"text": "x".repeat(2 << 20)});
    let answer = client.post(&format!("/api/v1/integrations/webhooks/generic/{nobody}"), huge).await;
    assert_eq!(answer.status, 404, "nobody's body is not read: {answer:?}");
    let answer = client.get(&source.path).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(app.count("deliveries").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_past_the_limit_is_refused_whole() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let body = json!({"text": "x".repeat(2 << 20)}).to_string();
    let answer = source.send_with(&source.sign("d-1", body.as_bytes(), 0), body.as_bytes()).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (413, Some("payload_too_large")));
    assert_eq!(app.count("deliveries").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_bodies_make_records_too() {
    let app = start().await;
    let tenant = TenantId::generate();
    let source = connect(&app, tenant, "generic").await;
    let admin = app.caller(tenant, Role::Admin);
    for (n, body) in [
        "[]",
        "7",
        "\"text\"",
        "{}",
        r#"{"text":"nul \u0000 inside","attributes":{"a\u0000b":"\u0000"},"title":"\u0000"}"#,
        r#"{"text":1e400}"#,
        r#"{"text":"t","deep":1e999}"#,
        r#"{"amount":1e300,"occurredAt":1e300,"currency":5,"text":[1]}"#,
        r#"{"amount":"-0.000000001","text":"t","text":"last wins"}"#,
        r#"{"text":"\ud83d\ude00 😀"}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let answer = source.send_with(&source.sign(&format!("d-{n}"), body.as_bytes(), 0), body.as_bytes()).await;
        if body.contains("1e400") {
            assert_eq!(answer.status, 400, "no JSON number: {answer:?}");
            continue;
        }
        assert_eq!(answer.status, 202, "{body} {answer:?}");
        let shown = admin.get(&format!("/api/v1/records/{}", answer.body["recordId"].as_str().expect("id"))).await;
        assert_eq!(shown.status, 200, "{body} {shown:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_or_a_wrong_token_is_refused_for_every_provider() {
    let app = start().await;
    let tenant = TenantId::generate();
    for provider in ["generic", "standard-webhooks", "github", "stripe", "shopify", "slack"] {
        let source = connect(&app, tenant, provider).await;
        let headers = source.sign("d-1", br#"{"text":"hello"}"#, 0);
        let answer = source.send_with(&headers, br#"{"text":"hellp"}"#).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some("invalid_signature")), "{provider}");
    }
    for provider in ["stripe", "slack"] {
        let source = connect_as(&app, tenant, provider, &format!("late {provider}")).await;
        let answer = source.send_with(&source.sign("d-1", b"{}", -301), b"{}").await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some("stale_signature")), "{provider}");
    }
    let gitlab = connect(&app, tenant, "gitlab").await;
    let answer = gitlab.with_secret("guessed").send("d-1", &json!({})).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some("invalid_signature")));
    assert_eq!(app.count("records").await, 0);
    app.finish().await;
}
