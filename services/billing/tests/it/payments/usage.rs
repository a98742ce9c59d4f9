//! Usage by the tenant's calendar, its forecast, and what is reported for a metered price.

use common::event::TenantUpdated;
use common::{DateTime, TenantId, UserId};
use serde_json::json;
use test_support::wait_until;

use super::support::Paid;
use crate::support::{created, event, ingested, ingested_at, now, settle, start, status};

#[tokio::test(flavor = "multi_thread")]
async fn months_are_those_of_the_tenant_s_time_zone() {
    let app = start().await;
    let tenant = TenantId::generate();
    app.publish(&[created(tenant, UserId::generate())]).await;
    let moved = TenantUpdated {
        tenant_id: tenant,
        name: "Acme".into(),
        timezone: "Pacific/Kiritimati".into(),
        version: 2,
        before: None,
        after: None,
    };
    app.publish(&[event(tenant, now(), &moved)]).await;
    settle(&app).await;
    let at = |text: &str| text.parse::<DateTime>().expect("RFC 3339");
    // There it is February fourteen hours earlier.
    app.publish(&[
        ingested_at(tenant, at("2026-01-31T09:59:59Z")),
        ingested_at(tenant, at("2026-01-31T10:00:00Z")),
        ingested_at(tenant, at("2026-02-28T09:59:59Z")),
    ])
    .await;
    settle(&app).await;
    assert_eq!(app.count("record_usage WHERE month = '2026-01-01' AND records = 1").await, 1);
    assert_eq!(app.count("record_usage WHERE month = '2026-02-01' AND records = 2").await, 1);
    let found = status(&app, tenant).await;
    let end = found["usage"]["periodEnd"].as_str().expect("a time");
    assert!(end.ends_with("T10:00:00Z"), "{end}");
    let last = wait_until("the calendar is told", async || {
        let told = app.events_of("ENTITLEMENTS_UPDATED").await;
        told.last().map(|event| event.decode::<common::event::EntitlementsUpdated>().expect("its shape").timezone)
    });
    assert_eq!(last.await, "Pacific/Kiritimati", "together with the creation, or after it");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_is_there_and_is_no_less_than_the_count() {
    let app = start().await;
    let tenant = TenantId::generate();
    app.publish(&ingested(tenant, 40)).await;
    settle(&app).await;
    let usage = status(&app, tenant).await["usage"].clone();
    assert_eq!(usage["records"], 40);
    assert!(usage["recordsForecast"].as_i64().is_some_and(|forecast| forecast >= 40), "{usage}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exceeds_a_metered_plan_is_reported_once() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("plan", json!("business"))]).await;
    paid.drained().await;
    let use_records = async |records: i64| {
        paid.app
            .owner_sql(&format!(
                "INSERT INTO record_usage (tenant_id, month, records) \
                 VALUES ('{tenant}', date_trunc('month', now() AT TIME ZONE 'UTC')::date, {records}) \
                 ON CONFLICT (tenant_id, month) DO UPDATE SET records = excluded.records"
            ))
            .await;
    };
    let reported = || -> i64 {
        let values = paid.double.metered();
        values
            .iter()
            .map(|event| event["payload"]["value"].as_str().expect("text").parse::<i64>().expect("a number"))
            .sum()
    };
    use_records(10_000_000).await;
    use_records(10_000_007).await;
    wait_until("the excess is reported", async || (reported() == 7).then_some(())).await;
    wait_until("that is noted", async || {
        (paid.app.count("usage_reports WHERE reported = 7 AND sending IS NULL").await == 1).then_some(())
    })
    .await;
    // As a crash leaves it between the report and the note that it arrived.
    paid.app.owner_sql("UPDATE usage_reports SET sending = reported, reported = 0").await;
    use_records(10_000_010).await;
    wait_until("what came since is reported too", async || (reported() == 10).then_some(())).await;
    wait_until("the report is noted", async || {
        (paid.app.count("usage_reports WHERE reported = 10 AND sending IS NULL").await == 1).then_some(())
    })
    .await;
    assert_eq!(paid.double.metered()[0]["event_name"], "verdict_records");
    paid.finish().await;
}
