//! How a source does, and what people are told when that changes.

use common::{IntegrationId, Role, TenantId};
use serde_json::{Value, json};
use test_support::wait_until;

use crate::sender::connect;
use crate::{start, start_api_only};

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_what_came_and_what_was_refused() {
    let app = start_api_only().await;
    let tenant = TenantId::generate();
    let analyst = app.caller(tenant, Role::Analyst);
    let source = connect(&app, tenant, "generic").await;
    let path = format!("/api/v1/integrations/{}/health", source.id);
    let health = async || {
        let answer = analyst.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let none = json!({"accepted": 0, "duplicate": 0, "rejected": 0, "failed": 0});
    let never = json!({"status": "never_seen", "lastDeliveryAt": null, "lastAcceptedAt": null, "lastError": null,
        "suspicion": null, "sync": null, "last24h": none});
    assert_eq!(health().await, never);

    let body = json!({"text": "one"});
    let first = source.send("d-1", &body).await;
    assert_eq!((first.status, source.send("d-1", &body).await.status), (202, 200));
    let healthy = health().await;
    assert_eq!(healthy["status"], "healthy", "{healthy:#}");
    assert_eq!(healthy["last24h"], json!({"accepted": 1, "duplicate": 1, "rejected": 0, "failed": 0}));
    assert!(healthy["lastAcceptedAt"].is_string() && healthy["lastDeliveryAt"].is_string(), "{healthy:#}");

    let forger = source.with_secret("guessed");
    assert_eq!(forger.send("d-2", &body).await.status, 401);
    let degraded = health().await;
    assert_eq!((&degraded["status"], &degraded["last24h"]["rejected"]), (&json!("degraded"), &json!(1)));
    assert_eq!(degraded["lastError"]["reason"], "signature_mismatch", "{degraded:#}");
    assert_eq!(degraded["lastAcceptedAt"], healthy["lastAcceptedAt"]);
    for n in 0..4 {
        forger.send(&format!("f-{n}"), &body).await;
    }
    let beside = health().await;
    assert_eq!((&beside["status"], &beside["suspicion"]), (&json!("degraded"), &json!("forged")), "{beside:#}");
    app.owner_sql(
        "UPDATE deliveries SET received_at = received_at - interval '11 minutes' WHERE outcome <> 'rejected'",
    )
    .await;
    let overdue = health().await;
    assert_eq!((&overdue["status"], &overdue["suspicion"]), (&json!("failing"), &json!("wrong_secret")), "{overdue:#}");

    app.owner_sql("UPDATE records SET status = 'failed'").await;
    assert_eq!(health().await["last24h"]["failed"], 1);
    app.owner_sql("UPDATE deliveries SET received_at = received_at - interval '25 hours', outcome = 'duplicate'").await;
    assert_eq!(health().await["last24h"], json!({"accepted": 0, "duplicate": 0, "rejected": 0, "failed": 1}));

    let stranger = app.caller(TenantId::generate(), Role::Owner);
    let nobodys = format!("/api/v1/integrations/{}/health", IntegrationId::generate());
    for (client, path) in [(&stranger, &path), (&analyst, &nobodys)] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_told_once() {
    let app = start().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let forger = source.with_secret("guessed");
    for n in 0..5 {
        assert_eq!(forger.send(&format!("f-{n}"), &json!({})).await.status, 401);
    }
    let told = app.wait_for_event("INTEGRATION_FAILING").await;
    let data: Value = serde_json::from_str(told.data.get()).expect("JSON");
    assert_eq!((&data["integrationId"], &data["status"]), (&json!(source.id), &json!("failing")), "{data:#}");
    for n in 0..6 {
        assert_eq!(source.send(&format!("d-{n}"), &json!({"text": "x"})).await.status, 202);
    }
    app.wait_for_event("INTEGRATION_RECOVERED").await;
    wait_until("the lists have them", async || (app.count("record_facets").await == 6).then_some(())).await;

    // Six deliveries a minute apart, an hour ago: its rhythm is over.
    app.owner_sql(
        "UPDATE deliveries SET received_at = now() - interval '1 hour' - (11 - n) * interval '1 minute' \
         FROM (SELECT id AS of, row_number() OVER (ORDER BY id) AS n FROM deliveries) numbered WHERE id = of; \
         UPDATE record_facets f SET received_at = d.received_at FROM deliveries d WHERE d.record_id = f.record_id",
    )
    .await;
    let silent = wait_until("silence is told", async || {
        let told = app.events_of("INTEGRATION_FAILING").await;
        told.into_iter().find(|event| event.data.get().contains("silent"))
    })
    .await;
    assert!(silent.data.get().contains(&source.id), "{silent:?}");
    assert_eq!(source.send("d-9", &json!({"text": "back"})).await.status, 202);
    wait_until("both recoveries are told", async || {
        (app.events_of("INTEGRATION_RECOVERED").await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(app.events_of("INTEGRATION_FAILING").await.len(), 2, "one for each change");
    app.finish().await;
}
