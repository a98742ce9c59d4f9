//! Housekeeping.

use billing::{Billing, BillingSettings, HousekeepingSettings};
use common::TenantId;
use test_support::{TestApp, wait_until};

use crate::support::{ingested, settings, settle, status};

#[tokio::test(flavor = "multi_thread")]
async fn counted_events_are_forgotten_after_their_days_and_not_before() {
    let app = TestApp::start::<Billing>(|parts| BillingSettings {
        housekeeping: HousekeepingSettings { inbox_days: 2, every_seconds: 1 },
        ..settings(parts)
    })
    .await;
    let tenant = TenantId::generate();
    app.publish(&ingested(tenant, 6)).await;
    settle(&app).await;
    app.owner_sql(
        "UPDATE inbox SET handled_at = handled_at - interval '49 hours' \
         WHERE event_id IN (SELECT event_id FROM inbox WHERE tenant_id IN (SELECT tenant_id FROM record_usage) \
                            ORDER BY event_id LIMIT 4)",
    )
    .await;
    let of_tenant = format!("inbox WHERE tenant_id = '{tenant}'");
    wait_until("the old ones are forgotten", async || (app.count(&of_tenant).await == 2).then_some(())).await;
    app.owner_sql("UPDATE inbox SET handled_at = handled_at - interval '47 hours'").await;
    app.owner_sql(
        "INSERT INTO idempotency_keys (tenant_id, principal_id, route, key, fingerprint, status, body, created_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'POST /', age, '', 200, '{}', now() - age::interval \
         FROM unnest(ARRAY['49 hours', '25 hours']) AS a (age)",
    )
    .await;
    app.owner_sql(
        "INSERT INTO inbox (consumer, event_id, tenant_id, handled_at) \
         VALUES ('old', gen_random_uuid(), gen_random_uuid(), now() - interval '3 days')",
    )
    .await;
    let marker = "inbox WHERE consumer = 'old'";
    wait_until("another round is done", async || (app.count(marker).await == 0).then_some(())).await;
    assert_eq!(app.count(&of_tenant).await, 2);
    wait_until("the old answer is forgotten", async || {
        (app.count("idempotency_keys WHERE key = '49 hours'").await == 0).then_some(())
    })
    .await;
    assert_eq!(app.count("idempotency_keys WHERE key = '25 hours'").await, 1, "the contract promises 24 hours");
    assert_eq!(status(&app, tenant).await["usage"]["records"], 6);
    app.finish().await;
}
