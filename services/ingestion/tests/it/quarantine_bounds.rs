//! What is kept of rejected deliveries, by age and by size.

use common::{IntegrationId, Role, TenantId};
use ingestion::QuarantineSettings;
use serde_json::{Value, json};
use test_support::wait_until;

use crate::sender::{Sender, connect};
use crate::{start_api_only, start_with};

async fn forge(source: &Sender, name: &str, bytes: usize) {
    let answer = source.with_secret("guessed").send(name, &json!({"text": "x".repeat(bytes)})).await;
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_go_when_there_are_too_many_or_they_are_too_old() {
    let app = start_with(|settings| {
        settings.quarantine = QuarantineSettings { keep_days: 7, max_bytes: 1 << 20, every_millis: 50 };
    })
    .await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let (small, large) = (connect(&app, tenant, "generic").await, connect(&app, tenant, "github").await);
    assert_eq!(large.send("d-1", &json!({"text": "believed"})).await.status, 202);
    forge(&small, "s-1", 10).await;
    for n in 0..5 {
        forge(&large, &format!("l-{n}"), 400_000).await;
    }
    let shown = async |source: &Sender| {
        let answer = admin.get(&format!("/api/v1/integrations/{}/quarantine", source.id)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let after = wait_until("it is within its bounds", async || {
        let body = shown(&large).await;
        (body["removed"]["deliveries"] == 3).then_some(body)
    })
    .await;
    assert_eq!((&after["deliveries"], &after["reasons"]), (&json!(2), &json!({"signature_mismatch": 2})), "{after:#}");
    assert!(after["bytes"].as_i64().is_some_and(|bytes| (800_000..1 << 20).contains(&bytes)), "{after:#}");
    assert!(after["removed"]["bytes"].as_i64().is_some_and(|bytes| bytes > 1_200_000), "{after:#}");
    assert_eq!((&after["keepDays"], &after["maxBytes"]), (&json!(7), &json!(1 << 20)), "{after:#}");
    assert!(after["removed"]["lastAt"].is_string() && after["oldestAt"].is_string(), "{after:#}");
    let left = admin.get(&format!("/api/v1/integrations/{}/deliveries?outcome=rejected", large.id)).await.body;
    let names = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    let newest: Vec<String> = left.as_array().expect("a list").iter().map(names).collect();
    assert_eq!(newest.len(), 2);
    assert_eq!(app.count("deliveries WHERE outcome = 'accepted'").await, 1, "what was believed stays");
    assert_eq!(
        (&shown(&small).await["deliveries"], &shown(&small).await["suspicion"]),
        (&json!(1), &json!("wrong_secret"))
    );

    // The row's id tells its time as well, so both grow old.
    app.owner_sql(
        "UPDATE deliveries SET received_at = now() - interval '8 days', id = '01900000-0000-7000-8000-000000000001' \
         WHERE integration_id IN (SELECT id FROM integrations WHERE provider = 'generic')",
    )
    .await;
    wait_until("the old one is gone", async || (shown(&small).await["removed"]["deliveries"] == 1).then_some(())).await;
    let empty = shown(&small).await;
    assert_eq!((&empty["deliveries"], &empty["bytes"], &empty["oldestAt"]), (&json!(0), &json!(0), &Value::Null));
    assert_eq!(shown(&large).await["deliveries"], 2, "each source has bounds of its own");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_elses_quarantine_is_shown() {
    let app = start_api_only().await;
    let source = connect(&app, TenantId::generate(), "generic").await;
    let stranger = app.caller(TenantId::generate(), Role::Owner);
    for id in [source.id.clone(), IntegrationId::generate().to_string()] {
        let answer = stranger.get(&format!("/api/v1/integrations/{id}/quarantine")).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    app.stop().await;
}
