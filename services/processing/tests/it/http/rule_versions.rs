//! `GET /rules/{id}/versions` and `POST /rules/{id}/restore`.

use common::RuleId;
use serde_json::{Value, json};
use test_support::Answer;

use crate::support::{Tenant, ingested, snapshot, start, text};

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_says_what_became_different() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "bill"]).await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    tenant.admin.patch(&path, json!({"label": "bill", "priority": 5})).await;
    tenant.admin.patch(&path, json!({"description": "why"})).await;
    let versions = tenant.admin.get(&format!("{path}/versions")).await.body;
    let changes: Vec<&Value> = versions.as_array().expect("a list").iter().map(|version| &version["changes"]).collect();
    let wanted = [
        json!([{"field": "description", "from": "", "to": "why"}]),
        json!([{"field": "label", "from": "refund", "to": "bill"}, {"field": "priority", "from": 100, "to": 5}]),
        json!([]),
    ];
    assert_eq!(changes, wanted.iter().collect::<Vec<_>>());
    assert_eq!(versions[0]["changedBy"]["name"], "admin@example.com");
    let page = tenant.admin.get(&format!("{path}/versions?limit=1")).await;
    assert_eq!(page.body[0]["changes"], wanted[0], "the page's end is compared with what follows it");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_comes_back_as_it_was() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "bill"]).await;
    let rule = tenant.rule("Refunds", "record.text == \"x\"", "refund").await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    let restore = format!("{path}/restore");
    tenant.admin.patch(&path, json!({"name": "Bills", "condition": "record.text == \"y\"", "label": "bill"})).await;
    let key = [("idempotency-key", "k")];
    let back = tenant.admin.send("POST", &restore, &key, Some(json!({"version": 1}))).await;
    assert_eq!(
        (back.status, &back.body["version"], &back.body["name"]),
        (200, &json!(3), &json!("Refunds")),
        "{back:?}"
    );
    let again = tenant.admin.send("POST", &restore, &key, Some(json!({"version": 1}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body["version"]), (Some("true"), &json!(3)));
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    assert_eq!(tenant.current(record.record_id).await["label"], "refund");

    assert_eq!(tenant.admin.delete(&path).await.status, 200);
    let back = tenant.admin.post(&restore, json!({"version": 2})).await;
    assert_eq!((back.status, &back.body["version"], &back.body["id"]), (200, &json!(4), &rule["id"]), "{back:?}");
    assert_eq!((&back.body["name"], &back.body["label"]), (&json!("Bills"), &json!("bill")));
    assert_eq!(tenant.admin.get(&path).await.body["version"], 4);
    assert_eq!(app.wait_for_event("RULE_DELETED").await.subject.id, text(&rule["id"]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_come_back_is_refused() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "gone"]).await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let restore = format!("/api/v1/rules/{}/restore", text(&rule["id"]));
    let post = async |version: i32| tenant.admin.post(&restore, json!({"version": version})).await;
    assert_eq!(code(&post(9).await), (404, "not_found"));
    assert_eq!(code(&post(0).await), (422, "validation_failed"));
    let never = format!("/api/v1/rules/{}/restore", RuleId::generate());
    assert_eq!(code(&tenant.admin.post(&never, json!({"version": 1})).await), (404, "not_found"));
    let stale = tenant.admin.send("POST", &restore, &[("if-match", "\"7\"")], Some(json!({"version": 1}))).await;
    assert_eq!(code(&stale), (412, "version_conflict"));
    tenant.admin.delete(&format!("/api/v1/rules/{}", text(&rule["id"]))).await;
    tenant.rule("Refunds", "true", "refund").await;
    assert_eq!(code(&post(1).await), (409, "rule_exists"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_is_told_of_conflicts() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "bill"]).await;
    let first = tenant.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    assert_eq!(first.get("warnings"), None);
    let records: Vec<_> = (0..100).map(|number| snapshot(if number == 0 { "refund" } else { "hello" })).collect();
    app.publish(&records.iter().map(|record| ingested(tenant.id, record)).collect::<Vec<_>>()).await;
    tenant.outcomes(records[99].record_id, 1).await;
    for record in &records {
        tenant.outcomes(record.record_id, 1).await;
    }
    let kinds = |rule: &Value| -> Vec<(String, Value)> {
        let warnings = rule["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().map(|one| (text(&one["kind"]), one["ruleId"].clone())).collect()
    };
    let other = tenant.rule("Bills", "record.text.contains( \"refund\" )", "bill").await;
    let id = &first["id"];
    assert_eq!(
        kinds(&other),
        [("same_condition_other_label".to_owned(), id.clone()), ("shadowed".to_owned(), id.clone())],
        "{other}"
    );
    let never = tenant.rule("Never", "record.amount > 5 && false", "bill").await;
    assert_eq!(kinds(&never), [("never_matches".to_owned(), json!(null))], "{never}");
    let unseen = tenant.rule("Unseen", "record.text.contains(\"parking\")", "bill").await;
    assert_eq!(kinds(&unseen), [("no_recent_match".to_owned(), json!(null))], "{unseen}");
    let path = format!("/api/v1/rules/{}", text(&unseen["id"]));
    let moved = tenant.admin.patch(&path, json!({"condition": "record.text == \"hello\""})).await;
    assert_eq!((moved.status, moved.body.get("warnings")), (200, None), "{moved:?}");
    let off = json!({"name": "Off", "condition": "false", "label": "bill", "status": "disabled"});
    assert_eq!(tenant.rule_with(off).await.get("warnings"), None, "one that is off disturbs nobody");
    app.finish().await;
}
