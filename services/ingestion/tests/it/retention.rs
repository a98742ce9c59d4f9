//! Raw forms that are kept for a number of days only.

use common::event::{Cause, Event, RecordRawExpunged, TenantParts, TenantUpdated};
use common::{Actor, Clock as _, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::sender::connect;
use crate::start;
use crate::verdicts::show;

fn settings(tenant: TenantId, version: i32, settings: Option<Value>) -> Event {
    let after = settings.map(|settings| TenantParts { settings: Some(settings), ..TenantParts::default() });
    let data = TenantUpdated {
        tenant_id: tenant,
        name: "acme".into(),
        timezone: "UTC".into(),
        version,
        before: None,
        after: Some(after.unwrap_or_default()),
    };
    let trace = common::trace::TraceContext::random();
    let cause = Cause { tenant_id: tenant, actor: Actor::service("gateway"), trace, at: SystemClock.now() };
    Event::new(&cause, "gateway", &data)
}

async fn send(app: &TestApp, tenant: TenantId, text: &str) -> RecordId {
    let sent = app.caller(tenant, Role::Agent).post("/api/v1/records", json!({"raw": text})).await;
    sent.body["id"].as_str().expect("an id").parse().expect("a UUID")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_tenant_keeps_it_is_taken_away_once() {
    let app = start().await;
    let (tenant, other) = (TenantId::generate(), TenantId::generate());
    let source = connect(&app, tenant, "generic").await;
    let hook = source.send("d-1", &json!({"id": "m-1", "text": "old hook"})).await.body["recordId"].clone();
    let hook: RecordId = hook.as_str().expect("an id").parse().expect("a UUID");
    source.send("d-1", &json!({"id": "m-1", "text": "old hook"})).await;
    let forged = source.with_secret("another").send("d-2", &json!({"text": "forged"})).await;
    assert_eq!(forged.status, 401, "{forged:?}");
    // More than one step's worth, and some that have no raw form.
    let raws: Vec<Value> = (0..450).map(|n| json!({"raw": format!("old {n}")})).collect();
    app.caller(tenant, Role::Agent).post("/api/v1/records/batch", json!(raws)).await;
    app.caller(tenant, Role::Agent).post("/api/v1/records", json!({"normalized": {"text": "plain"}})).await;
    let theirs = send(&app, other, "theirs").await;
    app.owner_sql(
        "UPDATE records SET received_at = now() - interval '31 days'; \
         UPDATE deliveries SET received_at = now() - interval '31 days'",
    )
    .await;
    let fresh = send(&app, tenant, "fresh").await;
    app.publish(&[settings(tenant, 2, Some(json!({"retentionDays": 30, "theme": "dark"})))]).await;
    wait_until("all old ones are without", async || {
        (app.count("records WHERE raw_expunged_at IS NOT NULL").await == 451).then_some(())
    })
    .await;
    assert_eq!(app.count("records WHERE raw IS NOT NULL").await, 2, "the fresh one, and the other tenant's");
    assert_eq!(app.count("deliveries WHERE body = ''").await, 3, "the accepted, the repeated and the rejected one");
    assert_eq!(show(&app, tenant, fresh).await["raw"], "fresh");
    assert_eq!(show(&app, other, theirs).await["raw"], "theirs");
    let shown = show(&app, tenant, hook).await;
    assert_eq!((&shown["raw"], &shown["normalized"]["text"]), (&Value::Null, &json!("old hook")));
    let history = app.caller(tenant, Role::Analyst).get(&format!("/api/v1/records/{hook}/history")).await.body;
    assert_eq!((&history[0]["action"], &history[0]["actor"]["type"]), (&json!("raw_expunged"), &json!("service")));
    let told = wait_until("each is told", async || {
        Some(app.events_of("RECORD_RAW_EXPUNGED").await).filter(|told| told.len() >= 451)
    })
    .await;
    assert_eq!(told.len(), 451, "once, and those that had none are not told of");
    assert_eq!(told[0].decode::<RecordRawExpunged>().expect("its shape").retention_days, Some(30));

    // What is taken in late under an old time is found by the next walk.
    let late = send(&app, tenant, "late").await;
    app.owner_sql(&format!(
        "UPDATE records SET received_at = now() - interval '40 days' WHERE id = '{late}'; \
         UPDATE retentions SET restart_at = now() - interval '1 second'"
    ))
    .await;
    app.publish(&[settings(tenant, 3, Some(json!({"retentionDays": 30})))]).await;
    wait_until("it is found", async || (show(&app, tenant, late).await["raw"].is_null()).then_some(())).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_follow_their_versions_and_are_taken_back() {
    let app = start().await;
    let tenant = TenantId::generate();
    let days = async |expected: &str, version: i32| {
        wait_until(&format!("version {version} is kept"), async || {
            (app.count(&format!("retentions WHERE days {expected} AND version = {version}")).await == 1).then_some(())
        })
        .await;
    };
    app.publish(&[settings(tenant, 5, Some(json!({"retentionDays": 30})))]).await;
    days("= 30", 5).await;
    // An older one, one that is about something else, and a newer one.
    app.publish(&[settings(tenant, 4, Some(json!({"retentionDays": 1}))), settings(tenant, 6, None)]).await;
    app.publish(&[settings(tenant, 7, Some(json!({})))]).await;
    days("IS NULL", 7).await;
    let record = send(&app, tenant, "kept").await;
    app.owner_sql("UPDATE records SET received_at = now() - interval '31 days'").await;
    app.publish(&[settings(tenant, 8, Some(json!({"retentionDays": 3650})))]).await;
    days("= 3650", 8).await;
    assert_eq!(show(&app, tenant, record).await["raw"], "kept");
    app.finish().await;
}
