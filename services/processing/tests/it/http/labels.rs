//! `/labels`.

use common::event::ApprovalOutcome;
use common::{Actor, Clock as _, SystemClock};
use serde_json::json;
use test_support::wait_until;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_made_read_changed_and_deleted() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let body = json!({"name": "refund", "description": "Money back.", "examples": ["I want my money back"]});
    let made = tenant.admin.post("/api/v1/labels", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("etag"), Some("\"1\""));
    insta::assert_json_snapshot!(made.body, {".id" => "[id]", ".createdAt" => "[time]", ".updatedAt" => "[time]"}, @r#"
    {
      "createdAt": "[time]",
      "description": "Money back.",
      "examples": [
        "I want my money back"
      ],
      "id": "[id]",
      "name": "refund",
      "updatedAt": "[time]",
      "version": 1
    }
    "#);
    let path = format!("/api/v1/labels/{}", text(&made.body["id"]));

    let shown = tenant.admin.get(&path).await;
    assert_eq!((shown.status, &shown.body), (200, &made.body));

    let changed = tenant.admin.patch(&path, json!({"description": "They want money back."})).await;
    assert_eq!((changed.status, &changed.body["version"], changed.header("etag")), (200, &json!(2), Some("\"2\"")));
    assert_eq!(changed.body["name"], "refund");
    let same = tenant.admin.patch(&path, json!({"name": "refund"})).await;
    assert_eq!((same.status, &same.body), (200, &changed.body), "nothing new is no change");

    let deleted = tenant.admin.delete(&path).await;
    assert_eq!((deleted.status, &deleted.body["id"]), (200, &made.body["id"]));
    assert_eq!(tenant.admin.get(&path).await.status, 404);
    assert_eq!(tenant.admin.delete(&path).await.status, 404);
    assert_eq!(tenant.admin.patch(&path, json!({"name": "x"})).await.status, 404);

    let told = app.wait_for_event("LABEL_DELETED").await;
    assert_eq!(told.actor.name.as_deref(), Some("admin@example.com"));
    let kinds: Vec<String> = app.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["LABEL_CREATED", "LABEL_UPDATED", "LABEL_DELETED"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_unique_in_a_tenant_only() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let again = tenant.admin.post("/api/v1/labels", json!({"name": "refund"})).await;
    assert_eq!((again.status, &again.body["code"]), (409, &json!("label_exists")));
    assert_eq!(again.body["context"]["name"], "refund");
    let other = tenant.label("invoice").await;
    let renamed = tenant.admin.patch(&format!("/api/v1/labels/{other}"), json!({"name": "refund"})).await;
    assert_eq!((renamed.status, &renamed.body["code"]), (409, &json!("label_exists")));
    Tenant::with_labels(&app, &["refund"]).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_is_refused() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let path = format!("/api/v1/labels/{}", tenant.label("refund").await);
    let body = || Some(json!({"description": "new"}));
    let stale = tenant.admin.send("PATCH", &path, &[("if-match", "\"7\"")], body()).await;
    assert_eq!((stale.status, &stale.body["code"]), (412, &json!("version_conflict")));
    assert_eq!(stale.body["context"]["currentVersion"], 1);
    let stale = tenant.admin.send("DELETE", &path, &[("if-match", "\"7\"")], None).await;
    assert_eq!(stale.status, 412);
    let malformed = tenant.admin.send("DELETE", &path, &[("if-match", "seven")], None).await;
    assert_eq!((malformed.status, &malformed.body["code"]), (400, &json!("invalid_request")));
    assert_eq!(tenant.admin.send("PATCH", &path, &[("if-match", "\"1\"")], body()).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_in_use_stays() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let label = format!("/api/v1/labels/{}", tenant.label("refund").await);
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let refused = tenant.admin.delete(&label).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("label_in_use")));
    assert_eq!(refused.body["context"], json!({"rules": 1, "decisions": false}));

    let record = snapshot("I want my money back");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    assert_eq!(tenant.admin.delete(&format!("/api/v1/rules/{}", text(&rule["id"]))).await.status, 200);
    let refused = tenant.admin.delete(&label).await;
    assert_eq!(refused.body["context"], json!({"rules": 0, "decisions": true}), "{refused:?}");

    // A person decides otherwise, and the label is free.
    tenant.label("other").await;
    let approval = approved(&record, ApprovalOutcome::Override, "other", SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("Ann"), &approval)]).await;
    tenant.outcomes(record.record_id, 2).await;
    assert_eq!(tenant.admin.delete(&label).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_follow_a_renamed_label_and_history_does_not() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let label = tenant.label("refund").await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let (before, after) = (snapshot("one"), snapshot("two"));
    app.publish(&[ingested(tenant.id, &before)]).await;
    tenant.outcomes(before.record_id, 1).await;

    let renamed = tenant.admin.patch(&format!("/api/v1/labels/{label}"), json!({"name": "money_back"})).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let shown = tenant.admin.get(&format!("/api/v1/rules/{}", text(&rule["id"]))).await;
    assert_eq!((&shown.body["label"], &shown.body["version"]), (&json!("money_back"), &json!(1)));
    app.publish(&[ingested(tenant.id, &after)]).await;
    assert_eq!(tenant.current(after.record_id).await["label"], "money_back");
    assert_eq!(tenant.current(before.record_id).await["label"], "refund");
    let told = app.wait_for_event("LABEL_UPDATED").await;
    assert_eq!(told.decode::<common::event::LabelUpdated>().expect("its shape").previous_name, "refund");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_neither_skip_nor_repeat() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["a", "b", "c", "d", "e"]).await;
    let mut seen = Vec::new();
    let mut page = tenant.admin.get("/api/v1/labels?limit=2").await;
    tenant.label("made while paging").await;
    loop {
        seen.extend(page.body.as_array().expect("a list").iter().map(|label| text(&label["name"])));
        let Some(cursor) = page.next_cursor().map(ToOwned::to_owned) else { break };
        page = tenant.admin.get(&format!("/api/v1/labels?limit=2&cursor={cursor}")).await;
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_first_answer() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let send = async |name: &str| {
        let body = Some(json!({"name": name}));
        tenant.admin.send("POST", "/api/v1/labels", &[("idempotency-key", "k1")], body).await
    };
    let (first, second) = (send("refund").await, send("refund").await);
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    let other = send("another").await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency_key_reused")));
    assert_eq!(app.count("labels").await, 1);
    wait_until("one event", async || (app.events_of("LABEL_CREATED").await.len() == 1).then_some(())).await;
    assert_eq!(app.events().await[0].actor.kind, person("x").kind);
    assert_ne!(app.events().await[0].actor, Actor::service("processing"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_not_deleted_while_a_rule_comes_to_use_it() {
    let app = start().await;
    for round in 0..8 {
        let tenant = Tenant::new(&app);
        let label = tenant.label("refund").await;
        let (path, body) =
            (format!("/api/v1/labels/{label}"), json!({"name": "r", "condition": "true", "label": "refund"}));
        let (deleted, made) = tokio::join!(tenant.admin.delete(&path), tenant.admin.post("/api/v1/rules", body));
        let outcome = (deleted.status, made.status);
        assert!([(200, 422), (409, 201)].contains(&outcome), "round {round}: {outcome:?} {deleted:?} {made:?}");
    }
    app.finish().await;
}
