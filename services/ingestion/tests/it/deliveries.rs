//! Receipts as people see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Role, TenantId};
use serde_json::json;

use crate::sender::connect;
use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn every_receipt_is_listed_and_shown_as_it_came() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Analyst);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}/deliveries", source.id);
    let accepted = source.send("d-1", &json!({"text": "one"})).await;
    source.send("d-1", &json!({"text": "one"})).await;
    let forged = b"{\"text\": \"forged\"}";
    let mut headers = source.with_secret("guess").sign("d-2", forged, 0);
    headers.extend([("authorization", "Bearer secret".to_owned()), ("cookie", "a=b".to_owned())]);
    source.send_with(&headers, forged).await;

    let all = admin.get(&own).await;
    let outcomes: Vec<_> = all.body.as_array().expect("a list").iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["rejected", "duplicate", "accepted"]);
    let rejected = &all.body[0];
    assert_eq!((&rejected["reason"], &rejected["recordId"]), (&json!("signature_mismatch"), &json!(null)));
    assert_eq!(all.body[1]["recordId"], accepted.body["recordId"]);
    assert_eq!(rejected["diagnosis"]["code"], "wrong_secret", "{rejected:#}");
    assert_eq!(all.body[1]["diagnosis"], json!(null));
    let some = admin.get(&format!("{own}?outcome=accepted")).await;
    assert_eq!(some.body.as_array().map(Vec::len), Some(1));
    assert_eq!(some.body[0]["id"], accepted.body["deliveryId"]);

    let page = admin.get(&format!("{own}?limit=2")).await;
    let rest = admin.get(&format!("{own}?limit=2&cursor={}", page.next_cursor().expect("more"))).await;
    assert_eq!((rest.body[0]["id"].clone(), rest.next_cursor()), (all.body[2]["id"].clone(), None));

    let shown = admin.get(&format!("{own}/{}", rejected["id"].as_str().expect("id"))).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(STANDARD.decode(shown.body["body"].as_str().expect("text")).expect("base64"), forged);
    assert_eq!(shown.body["headers"]["x-delivery-id"], "d-2");
    assert!(shown.body["headers"].get("authorization").is_none() && shown.body["headers"].get("cookie").is_none());

    assert_eq!(shown.body["diagnosis"], rejected["diagnosis"]);

    let at = |row: &serde_json::Value| row["receivedAt"].as_str().expect("a time").replace('+', "%2B");
    for (query, count) in [
        ("reason=signature_mismatch".to_owned(), 1),
        ("reason=timestamp_too_old".to_owned(), 0),
        (format!("to={}", at(rejected)), 2),
        (format!("from={}&outcome=rejected", at(rejected)), 1),
        (format!("from={}", at(&all.body[2])), 3),
    ] {
        let found = admin.get(&format!("{own}?{query}")).await;
        assert_eq!(found.body.as_array().map(Vec::len), Some(count), "{query} {found:?}");
    }

    for (path, status) in [
        (format!("{own}?reason=boredom"), 400),
        (format!("{own}?from=yesterday"), 400),
        (format!("{own}?outcome=lost"), 400),
        (format!("{own}?colour=red"), 400),
        (format!("{own}/not-a-uuid"), 400),
        (format!("{own}/{}", common::DeliveryId::generate()), 404),
        (format!("/api/v1/integrations/{}/deliveries", common::IntegrationId::generate()), 404),
    ] {
        assert_eq!(admin.get(&path).await.status, status, "{path}");
    }
    app.finish().await;
}
