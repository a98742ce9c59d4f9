//! `POST /rules/test`.

use common::{Identity, Principal, RecordId, Role, UserId};
use serde_json::json;

use crate::support::{Tenant, ingested, snapshot, start};

const PATH: &str = "/api/v1/rules/test";

#[tokio::test(flavor = "multi_thread")]
async fn each_part_of_the_condition_is_shown() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let body = json!({
        "condition": "record.amount > 100.0 && record.text.contains(\"refund\") && record.source == \"shop\"",
        "record": {"text": "a refund please", "amount": "250.00", "currency": "EUR", "source": "shop"},
    });
    let answer = tenant.admin.post(PATH, body).await;
    assert_eq!((answer.status, &answer.body["matched"]), (200, &json!(true)), "{answer:?}");
    assert_eq!(answer.body.get("error"), None);
    let trace = answer.body["trace"].as_array().expect("a list");
    let value =
        |expression: &str| trace.iter().find(|step| step["expression"] == expression).map(|step| &step["value"]);
    assert_eq!(value("record.amount"), Some(&json!(250.0)), "{trace:?}");
    assert_eq!(value("record.amount > 100.0"), Some(&json!(true)));
    assert_eq!(value("record.source == \"shop\""), Some(&json!(true)));
    assert_eq!(trace.last().map(|step| &step["value"]), Some(&json!(true)), "the whole condition comes last");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_shows_what_would_have_been_skipped() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let body = json!({
        "condition": "record.amount > 100.0 && (record.text.matches(\"re.und\") || record.attributes.tier == \"gold\")",
        "record": {"text": "a refund please", "amount": "50"},
    });
    let answer = tenant.admin.post(PATH, body).await;
    assert_eq!((answer.status, &answer.body["matched"], answer.body.get("error")), (200, &json!(false), None));
    let trace = answer.body["trace"].as_array().expect("a list");
    let step = |expression: &str| trace.iter().find(|step| step["expression"] == expression).expect(expression);
    assert_eq!(step("record.amount > 100.0")["value"], false);
    assert_eq!(step("record.text.matches(\"re.und\")")["value"], true, "skipped by the decision, shown to its author");
    let gold = step("record.attributes.tier == \"gold\"");
    assert!(gold["value"].is_null() && gold["error"].is_string(), "{gold}");
    assert_eq!(trace.last().map(|step| &step["value"]), Some(&json!(false)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_without_a_value_says_why() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let body = json!({"condition": "record.attributes[\"tier\"] == \"gold\"", "record": {"text": "x"}});
    let answer = tenant.admin.post(PATH, body).await;
    assert_eq!((answer.status, &answer.body["matched"]), (200, &json!(false)), "{answer:?}");
    assert!(answer.body["error"].as_str().is_some_and(|error| error.contains("attribute")), "{answer:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_record_can_be_tried() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let record = snapshot("a stored record");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    let body = |id: RecordId| json!({"condition": "record.text == \"a stored record\" && record.source == \"generic\"", "recordId": id});
    let answer = tenant.admin.post(PATH, body(record.record_id)).await;
    assert_eq!((answer.status, &answer.body["matched"]), (200, &json!(true)), "{answer:?}");
    assert_eq!(tenant.admin.post(PATH, body(RecordId::generate())).await.status, 404);
    let narrowed = app.caller_as(Identity {
        tenant_id: tenant.id,
        principal: Principal::ApiKey(UserId::generate().0),
        role: Role::Admin,
        scopes: Some(vec!["rules:test".into()]),
        display_name: "robot".into(),
    });
    let refused = narrowed.post(PATH, body(record.record_id)).await;
    assert_eq!((refused.status, &refused.body["context"]["permission"]), (403, &json!("records:read")), "{refused:?}");
    let made_up = narrowed.post(PATH, json!({"condition": "true", "record": {"text": "x"}})).await;
    assert_eq!(made_up.status, 200, "{made_up:?}");
    let stranger = Tenant::new(&app);
    assert_eq!(stranger.admin.post(PATH, body(record.record_id)).await.status, 404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_record_is_asked_for() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let both = json!({"condition": "true", "record": {"text": "x"}, "recordId": RecordId::generate()});
    for body in [json!({"condition": "true"}), both] {
        let answer = tenant.admin.post(PATH, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("validation_failed")), "{answer:?}");
        assert_eq!(answer.body["context"]["fields"][0]["rule"], "exactly_one");
    }
    let bad = tenant.admin.post(PATH, json!({"condition": "record.nope", "record": {"text": "x"}})).await;
    assert_eq!((bad.status, &bad.body["code"]), (422, &json!("invalid_condition")));
    let bad = tenant.admin.post(PATH, json!({"condition": "true", "record": {"text": "x", "currency": "euro"}})).await;
    assert_eq!(bad.body["context"]["fields"][0]["path"], "record.currency", "{bad:?}");
    app.finish().await;
}
