//! `RULE_REQUESTED`.

use common::LabelId;
use common::event::RuleRequested;
use serde_json::json;
use test_support::wait_until;

use crate::support::{Tenant, event, ingested, person, rule_requested, snapshot, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_is_made_under_the_given_id_and_decides() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let request = rule_requested("Refunds", "record.text.contains(\"refund\")", "refund");
    let cause = event(tenant.id, "approvals", person("Ann"), &request);
    app.publish(std::slice::from_ref(&cause)).await;
    let told = app.wait_for_event("RULE_CREATED").await;
    assert_eq!((told.actor.name.as_deref(), told.trace_id.as_str()), (Some("Ann"), cause.trace_id.as_str()));
    let shown = tenant.admin.get(&format!("/api/v1/rules/{}", request.rule_id)).await;
    assert_eq!((shown.status, &shown.body["origin"], &shown.body["priority"]), (200, &json!("override"), &json!(50)));
    let versions = tenant.admin.get(&format!("/api/v1/rules/{}/versions", request.rule_id)).await;
    assert_eq!(versions.body[0]["changedBy"]["name"], "Ann");
    let record = snapshot("a refund please");
    app.publish(&[ingested(tenant.id, &record)]).await;
    assert_eq!(tenant.current(record.record_id).await["label"], "refund");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_changes_nothing_even_after_the_rule_is_gone() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let request = event(tenant.id, "approvals", person("Ann"), &rule_requested("Refunds", "true", "refund"));
    app.publish(&[request.clone(), request.clone()]).await;
    let told = app.wait_for_event("RULE_CREATED").await;
    assert_eq!(tenant.admin.delete(&format!("/api/v1/rules/{}", told.subject.id)).await.status, 200);
    let marker = event(tenant.id, "approvals", person("Ann"), &rule_requested("Marker", "true", "refund"));
    app.publish(&[request, marker]).await;
    wait_until("the marker's rule", async || (app.events_of("RULE_CREATED").await.len() >= 2).then_some(())).await;
    let list = tenant.admin.get("/api/v1/rules").await;
    let names: Vec<String> = list.body.as_array().expect("a list").iter().map(|rule| text(&rule["name"])).collect();
    assert_eq!(names, ["Marker"]);
    assert_eq!(app.events_of("RULE_CREATED").await.len(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_after_the_override_does_not_lose_the_rule() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let label = tenant.label("refund").await;
    let mut request = rule_requested("Refunds", "true", "refund");
    request.label_id = Some(label.parse().expect("an id"));
    let renamed = tenant.admin.patch(&format!("/api/v1/labels/{label}"), json!({"name": "money back"})).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    // Another label of the old name is not the one that was chosen.
    tenant.label("refund").await;
    let mut of_name = rule_requested("By name", "true", "refund");
    of_name.label_id = Some(LabelId::generate());
    let ask = |request: &RuleRequested| event(tenant.id, "approvals", person("Ann"), request);
    app.publish(&[ask(&request), ask(&of_name)]).await;
    let path = |request: &RuleRequested| format!("/api/v1/rules/{}", request.rule_id);
    let made = wait_until("both rules", async || {
        let (first, second) = (tenant.admin.get(&path(&request)).await, tenant.admin.get(&path(&of_name)).await);
        (first.status == 200 && second.status == 200).then(|| [text(&first.body["label"]), text(&second.body["label"])])
    })
    .await;
    assert_eq!(made, ["money back", "refund"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_gets_a_number() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    tenant.rule("Refunds", "true", "refund").await;
    let request = || event(tenant.id, "approvals", person("Ann"), &rule_requested("Refunds", "true", "refund"));
    app.publish(&[request(), request()]).await;
    wait_until("three rules", async || (app.count("rules").await == 3).then_some(())).await;
    let list = tenant.admin.get("/api/v1/rules").await;
    let mut names: Vec<String> = list.body.as_array().expect("a list").iter().map(|rule| text(&rule["name"])).collect();
    names.sort();
    assert_eq!(names, ["Refunds", "Refunds (2)", "Refunds (3)"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_work_is_set_apart() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let send = |name: &str, condition: &str, label: &str| {
        event(tenant.id, "approvals", person("Ann"), &rule_requested(name, condition, label))
    };
    app.publish(&[send("a", "true", "nope"), send("b", "record.text ==", "refund"), send("c", "true", "refund")]).await;
    wait_until("two are dead", async || (app.dead_letters("processing.feedback").await == 2).then_some(())).await;
    wait_until("the good one is made", async || (app.count("rules").await == 1).then_some(())).await;
    app.stop().await;
}
