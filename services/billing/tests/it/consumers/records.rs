//! INGESTED: every record counts once, in its month.

use std::net::TcpListener;

use billing::{Billing, BillingSettings};
use common::{DateTime, IntegrationId, TenantId};
use serde_json::json;
use test_support::{TestApp, wait_until};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use web::{Roles, Service as _};

use crate::support::{connected, ingested, ingested_at, now, settings, settle, start, status};

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_count_once_within_and_across_batches() {
    let app = start().await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    let (mut mine, other) = (ingested(ours, 300), ingested(theirs, 170));
    let mixed: Vec<_> = mine.iter().chain(&other).chain(&mine).cloned().collect();
    app.publish(&mixed).await;
    mine.reverse();
    app.publish(&mine).await;
    for event in &mine[..20] {
        app.publish(&[event.clone(), event.clone()]).await;
    }
    settle(&app).await;
    assert_eq!(status(&app, ours).await["usage"]["records"], 300);
    assert_eq!(status(&app, theirs).await["usage"]["records"], 170);
    assert_eq!(status(&app, TenantId::generate()).await["usage"]["records"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_counts_in_the_month_in_which_it_was_stored() {
    let app = start().await;
    let tenant = TenantId::generate();
    let at = |text: &str| text.parse::<DateTime>().expect("RFC 3339");
    app.publish(&[
        ingested_at(tenant, at("2026-01-31T23:59:59.999999Z")),
        ingested_at(tenant, at("2026-02-01T00:00:00Z")),
        ingested_at(tenant, at("2026-02-28T23:59:59Z")),
    ])
    .await;
    app.publish(&ingested(tenant, 2)).await;
    settle(&app).await;
    assert_eq!(app.count("record_usage WHERE month = '2026-01-01' AND records = 1").await, 1);
    assert_eq!(app.count("record_usage WHERE month = '2026-02-01' AND records = 2").await, 1);
    assert_eq!(status(&app, tenant).await["usage"]["records"], 2, "only this month's");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_that_race_for_twice_the_same_events_count_them_once() {
    let mut of_second = None;
    let app = TestApp::start::<Billing>(|parts| {
        of_second = Some(settings(parts));
        settings(parts)
    })
    .await;
    let stop = CancellationToken::new();
    let _stop_on_panic = stop.clone().drop_guard();
    let second = second_worker(of_second.expect("made above"), stop.clone());

    let tenants = [TenantId::generate(), TenantId::generate()];
    let events: Vec<_> = (0..600).map(|index| ingested(tenants[index % 2], 1).remove(0)).collect();
    // Each frame twice in a row, so that the broker gives the two to different workers.
    for chunk in events.chunks(5) {
        app.publish(chunk).await;
        app.publish(chunk).await;
    }
    wait_until("every event is counted", async || (app.count("inbox").await == 600).then_some(())).await;
    settle(&app).await;
    stop.cancel();
    second.await.expect("the second worker ends without a panic");
    for tenant in tenants {
        assert_eq!(status(&app, tenant).await["usage"]["records"], 300);
    }
    app.finish().await;
}

fn second_worker(settings: BillingSettings, stop: CancellationToken) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let worker = Roles { api: false, worker: true };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(Billing::serve(settings, worker, listener, stop)).expect("the worker runs");
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_set_apart_and_holds_up_nothing() {
    let app = start().await;
    let tenant = TenantId::generate();
    let mut broken = connected(tenant, IntegrationId::generate(), now());
    broken.data = serde_json::value::to_raw_value(&json!({"integrationId": 7})).expect("JSON");
    app.publish(&[broken]).await;
    app.publish(&ingested(tenant, 5)).await;
    app.publish_raw("INGESTED", b"{").await;
    settle(&app).await;
    assert_eq!(status(&app, tenant).await["usage"]["records"], 5);
    wait_until("both are set apart", async || (app.dead_letters("billing.usage").await == 2).then_some(())).await;
    app.stop().await;
}
