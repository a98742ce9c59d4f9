//! Many rejected deliveries judged again, by an operation.

use common::{DeliveryId, IntegrationId, Role, TenantId};
use serde_json::{Value, json};
use test_support::wait_until;

use crate::operations::{items, revert_path, run};
use crate::sender::connect;
use crate::{start, start_api_only};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_filter_finds_is_replayed_in_order_of_receipt() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    let replay = format!("{own}/deliveries/replay");
    // Past one batch; the last one comes twice.
    let mut names: Vec<String> = (0..29).map(|n| format!("late-{n:02}")).collect();
    names.push("late-28".into());
    for name in &names {
        let body = json!({"id": name, "title": name, "text": name}).to_string();
        assert_eq!(source.send_with(&source.sign(name, body.as_bytes(), -999), body.as_bytes()).await.status, 401);
    }
    let forger = source.with_secret("guessed");
    for n in 0..3 {
        assert_eq!(forger.send(&format!("f-{n}"), &json!({"text": "forged"})).await.status, 401);
    }
    let count = async |body: Value| {
        let counted = admin.post(&replay, body).await;
        assert_eq!((counted.status, &counted.body["operationId"]), (200, &Value::Null), "{counted:?}");
        counted.body["matched"].clone()
    };
    assert_eq!(count(json!({"filter": {}, "dryRun": true})).await, 33);
    let late = json!({"filter": {"reason": "timestamp_too_old"}, "dryRun": true});
    assert_eq!(count(late).await, 30);
    assert_eq!(count(json!({"filter": {"to": "2020-01-01T00:00:00Z"}, "dryRun": true})).await, 0);
    assert_eq!(app.count("operations").await, 0);
    assert_eq!(admin.patch(&own, json!({"config": {"toleranceSeconds": 2000}})).await.status, 200);

    let key = [("idempotency-key", "once")];
    let body = json!({"filter": {}});
    let begun = admin.send("POST", &replay, &key, Some(body.clone())).await;
    assert_eq!((begun.status, &begun.body["matched"]), (202, &json!(33)), "{begun:?}");
    let again = admin.send("POST", &replay, &key, Some(body)).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &begun.body));
    let operation = crate::operations::ended(&admin, &begun.body["operationId"]).await;
    assert_eq!(
        (&operation["action"], &operation["changed"], &operation["unchanged"], &operation["skipped"]),
        (&json!("replay"), &json!(29), &json!(1), &json!(3)),
        "{operation:#}"
    );
    assert_eq!(operation["selection"], json!({"filter": {}}));
    let skipped = items(&admin, &operation, "&result=skipped").await;
    assert!(
        skipped.iter().all(|item| item["reason"] == "signature_mismatch" && item["recordId"].is_null()),
        "{skipped:#?}"
    );
    let repeated = items(&admin, &operation, "&result=unchanged").await;
    assert_eq!(repeated[0]["reason"], "duplicate", "{repeated:#?}");
    let taken = items(&admin, &operation, "&result=changed").await;
    let made = taken[28]["recordId"].as_str().expect("what it made");
    assert_eq!(repeated[0]["recordId"], made, "that of the first receipt");
    let record = admin.get(&format!("/api/v1/records/{made}")).await.body;
    assert_eq!(record["normalized"]["text"], "late-28");
    let shown = admin.get(&format!("{own}/deliveries/{}", taken[0]["deliveryId"].as_str().expect("an id"))).await.body;
    assert_eq!((&shown["outcome"], &shown["recordId"]), (&json!("accepted"), &taken[0]["recordId"]), "{shown:#}");

    let told =
        wait_until("all are told of", async || Some(app.events_of("INGESTED").await).filter(|told| told.len() == 29))
            .await;
    for (name, event) in names.iter().zip(&told) {
        assert!(event.data.get().contains(name.as_str()), "{name} in order of receipt");
    }
    app.wait_for_event("OPERATION_COMPLETED").await;

    // What was taken in stays; what is named although it was is left alone.
    let ids: Vec<Value> =
        vec![taken[0]["deliveryId"].clone(), skipped[0]["deliveryId"].clone(), json!(DeliveryId::generate())];
    let named = run(&admin, &replay, json!({"ids": ids})).await;
    assert_eq!(
        (&named["matched"], &named["unchanged"], &named["skipped"]),
        (&json!(2), &json!(1), &json!(1)),
        "{named:#}"
    );
    let refused = admin.post(&revert_path(&operation), json!({})).await;
    assert_eq!((refused.status, &refused.body["context"]["reason"]), (409, &json!("is_replay")), "{refused:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_and_another_tenants_deliveries() {
    let app = start_api_only().await;
    let (mine, theirs) = (TenantId::generate(), TenantId::generate());
    let me = app.caller(mine, Role::Admin);
    let (own, other) = (connect(&app, mine, "generic").await, connect(&app, theirs, "generic").await);
    assert_eq!(other.with_secret("guessed").send("d-1", &json!({})).await.status, 401);
    let listed = app.caller(theirs, Role::Admin).get(&format!("/api/v1/integrations/{}/deliveries", other.id)).await;
    let their_delivery = listed.body[0]["id"].clone();
    let path = |id: &str| format!("/api/v1/integrations/{id}/deliveries/replay");
    for id in [other.id.clone(), IntegrationId::generate().to_string()] {
        let answer = me.post(&path(&id), json!({"filter": {}})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    let none = me.post(&path(&own.id), json!({"ids": [their_delivery], "dryRun": true})).await;
    assert_eq!((none.status, &none.body["matched"]), (200, &json!(0)), "{none:?}");
    for (body, field) in [
        (json!({}), "ids"),
        (json!({"ids": []}), "ids"),
        (json!({"ids": [DeliveryId::generate()], "filter": {}}), "ids"),
        (json!({"filter": {"reason": "odd"}}), "filter.reason"),
        (json!({"filter": {"outcome": "accepted"}}), "filter.outcome"),
        (json!({"filter": {"from": "+10000-01-01T00:00:00Z"}}), "filter.from"),
    ] {
        let answer = me.post(&path(&own.id), body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{body} {answer:?}"
        );
        assert!(answer.body["context"]["fields"].to_string().contains(field), "{body} {answer:?}");
    }
    app.stop().await;
}
