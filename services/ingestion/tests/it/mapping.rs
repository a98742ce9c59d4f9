//! Mappings tried before they are used.

use common::{DeliveryId, Role, TenantId};
use serde_json::{Value, json};

use crate::sender::connect;
use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_tried_on_a_payload_and_on_a_delivery() {
    let app = start().await;
    let tenant = TenantId::generate();
    let analyst = app.caller(tenant, Role::Analyst);
    let source = connect(&app, tenant, "github").await;
    let path = format!("/api/v1/integrations/{}/mapping/test", source.id);

    let payload = json!({"subject": "S", "lines": ["one"], "sum": "1,5"});
    let mapping = json!({"title": ["$.topic", "$.subject"], "text": "$.lines[0]", "amount": "$.sum", "externalId": "$.id",
        "attributes": {"kind": {"header": "x-kind"}}});
    let body = json!({"payload": payload, "headers": {"X-Kind": "mail"}, "mapping": mapping});
    let tried = analyst.post(&path, body).await;
    assert_eq!(tried.status, 200, "{tried:?}");
    assert_eq!(tried.body["normalized"]["title"], "S");
    assert_eq!(tried.body["normalized"]["text"], "one");
    assert_eq!(tried.body["normalized"]["attributes"], json!({"amount": "1,5", "kind": "mail"}));
    assert_eq!(tried.body["externalId"], Value::Null);
    assert_eq!(
        tried.body["origins"]["title"],
        json!({"expression": "$.subject", "found": true, "value": "S", "missed": [
            {"expression": "$.topic", "reason": "$ has no [\"topic\"]; it has lines, subject, sum"}]})
    );
    assert_eq!(tried.body["origins"]["externalId"]["found"], false);
    assert_eq!(tried.body["problems"].as_array().map(Vec::len), Some(1), "{tried:?}");
    assert_eq!(tried.body["problems"][0]["code"], "unusable_value");

    // What the provider's own mapping makes of a delivery is what the delivery's record shows.
    let issue = json!({"action": "opened", "issue": {"number": 7, "title": "Broken", "body": "It broke"}});
    let receipt = source.send("d-1", &issue).await.body;
    let tried = analyst.post(&path, json!({"deliveryId": receipt["deliveryId"]})).await;
    assert_eq!(tried.status, 200, "{tried:?}");
    let record = analyst.get(&format!("/api/v1/records/{}", receipt["recordId"].as_str().expect("an id"))).await;
    assert_eq!(tried.body["normalized"], record.body["normalized"]);
    assert_eq!(tried.body["externalId"], record.body["externalId"]);
    assert_eq!(app.count("records").await, 1, "trying stores nothing");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_named_by_their_path() {
    let app = start().await;
    let (tenant, other) = (TenantId::generate(), TenantId::generate());
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let foreign = connect(&app, other, "generic").await.send("d-1", &json!({"text": "theirs"})).await.body;
    let forged = source.send_with(&source.with_secret("guess").sign("d-2", b"{\"a\":", 0), b"{\"a\":").await;
    assert_eq!(forged.status, 401);
    let listed = admin.get(&format!("/api/v1/integrations/{}/deliveries", source.id)).await;
    let unreadable = &listed.body[0]["id"];
    let path = format!("/api/v1/integrations/{}/mapping/test", source.id);
    for (body, field, rule) in [
        (json!({}), "payload", "required"),
        (json!({"payload": {}, "deliveryId": DeliveryId::generate()}), "deliveryId", "conflict"),
        (json!({"deliveryId": DeliveryId::generate(), "headers": {"a": "b"}}), "headers", "conflict"),
        (json!({"payload": {}, "mapping": {"titel": "$.a"}}), "mapping.titel", "unknown_field"),
        (json!({"payload": {}, "mapping": {"title": "a"}}), "mapping.title", "expression"),
        (json!({"payload": {}, "mapping": []}), "mapping", "type"),
        (json!({"deliveryId": unreadable}), "deliveryId", "json"),
        (json!({"payload": {}, "colour": 1}), "colour", "unknown_field"),
    ] {
        let answer = admin.post(&path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{body} {answer:?}"
        );
        let fault = &answer.body["context"]["fields"][0];
        assert_eq!((fault["path"].as_str(), fault["rule"].as_str()), (Some(field), Some(rule)), "{body} {answer:?}");
    }
    for id in [json!(DeliveryId::generate()), foreign["deliveryId"].clone()] {
        let answer = admin.post(&path, json!({"deliveryId": id})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    app.finish().await;
}
