//! A paused source accepts and holds; resumed, it lets go in order.

use common::{Role, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::sender::connect;
use crate::{all_at_once, start};

#[tokio::test(flavor = "multi_thread")]
async fn held_records_are_released_in_order_when_resumed() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    assert_eq!(admin.patch(&own, json!({"status": "paused"})).await.body["status"], "paused");
    let mut ids = Vec::new();
    for n in 0..5 {
        let answer = source
            .send(
                &format!("d-{n}"),
                &json!({"id": n, "text": format!("held {n}"), "amount": "1.50",
            "attributes": {"n": n}}),
            )
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        ids.push(answer.body["recordId"].as_str().expect("id").to_owned());
    }
    let again = source.send("d-0", &json!({"text": "again"})).await;
    assert_eq!((again.status, again.body["recordId"].as_str()), (200, Some(ids[0].as_str())));
    assert_eq!(app.count("records WHERE status = 'held'").await, 5);
    assert_eq!(app.count("deliveries WHERE outcome = 'held'").await, 5);
    let held = admin.get("/api/v1/records?status=held").await;
    assert_eq!(held.body.as_array().map(Vec::len), Some(5));
    assert!(app.events_of("INGESTED").await.is_empty());

    assert_eq!(admin.patch(&own, json!({"status": "active"})).await.status, 200);
    let told =
        wait_until("five events", async || Some(app.events_of("INGESTED").await).filter(|told| told.len() == 5)).await;
    let subjects: Vec<_> = told.iter().map(|event| event.subject.id.clone()).collect();
    assert_eq!(subjects, ids, "in the order they came");
    let data: serde_json::Value = serde_json::from_str(told[3].data.get()).expect("JSON");
    assert_eq!(data["normalized"]["amount"], "1.50");
    assert_eq!(data["normalized"]["attributes"]["n"], 3.0);
    assert_eq!(data["externalId"], "3");
    assert_eq!(app.count("records WHERE status = 'ingested'").await, 5);
    assert_eq!(app.count("deliveries WHERE outcome = 'held'").await, 0);
    wait_until("the release is done", async || {
        (app.count("integrations WHERE release_pending").await == 0).then_some(())
    })
    .await;
    assert_eq!(source.send("d-9", &json!({"text": "fresh"})).await.status, 202);
    wait_until("the sixth", async || (app.events_of("INGESTED").await.len() == 6).then_some(())).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_released_holds_up_no_other() {
    let app = start().await;
    app.owner_sql("ALTER TABLE records ADD CONSTRAINT no_poison CHECK (text <> 'poison' OR status = 'held')").await;
    let mut paused = Vec::new();
    for text in ["poison", "wholesome"] {
        let tenant = TenantId::generate();
        let admin = app.caller(tenant, Role::Admin);
        let source = connect(&app, tenant, "generic").await;
        let own = format!("/api/v1/integrations/{}", source.id);
        assert_eq!(admin.patch(&own, json!({"status": "paused"})).await.status, 200);
        assert_eq!(source.send("d-0", &json!({"text": text})).await.status, 202);
        paused.push((admin, own));
    }
    for (admin, own) in &paused {
        assert_eq!(admin.patch(own, json!({"status": "active"})).await.status, 200);
    }
    wait_until("the other is released", async || (app.events_of("INGESTED").await.len() == 1).then_some(())).await;
    assert_eq!(app.count("records WHERE status = 'ingested' AND text = 'wholesome'").await, 1);
    assert_eq!(app.count("deliveries WHERE outcome = 'held'").await, 1);
    app.owner_sql("ALTER TABLE records DROP CONSTRAINT no_poison").await;
    wait_until("both are released", async || (app.events_of("INGESTED").await.len() == 2).then_some(())).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_held_when_pausing_races_with_deliveries() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    let deliveries = all_at_once((0..60).map(|n| {
        let source = source.clone();
        async move { source.send(&format!("d-{n}"), &json!({"text": "x"})).await.status }
    }));
    let toggles = async {
        for n in 0..7 {
            let status = if n % 2 == 0 { "paused" } else { "active" };
            assert_eq!(admin.patch(&own, json!({"status": status})).await.status, 200);
        }
        assert_eq!(admin.patch(&own, json!({"status": "active"})).await.status, 200);
    };
    let (statuses, ()) = tokio::join!(deliveries, toggles);
    assert!(statuses.iter().all(|status| *status == 202), "{statuses:?}");
    wait_until("every record told of once", async || (app.events_of("INGESTED").await.len() == 60).then_some(())).await;
    assert_eq!(app.count("records WHERE status = 'ingested'").await, 60);
    app.finish().await;
}
