//! `/rules`.

use common::RuleId;
use common::event::{RuleCreated, RuleDeleted, RuleUpdated};
use serde_json::{Value, json};
use test_support::{Answer, wait_until};

use crate::support::{Tenant, start, text};

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().expect("a list").iter().map(|rule| text(&rule["name"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_made_with_defaults() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let body = json!({"name": "Refunds", "condition": "record.text.contains(\"refund\")", "label": "refund"});
    let made = tenant.admin.post("/api/v1/rules", body).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{made:?}");
    insta::assert_json_snapshot!(made.body, {".id" => "[id]", ".createdAt" => "[time]", ".updatedAt" => "[time]"}, @r#"
    {
      "condition": "record.text.contains(\"refund\")",
      "createdAt": "[time]",
      "description": "",
      "id": "[id]",
      "label": "refund",
      "name": "Refunds",
      "origin": "manual",
      "priority": 100,
      "requiresReview": false,
      "status": "active",
      "updatedAt": "[time]",
      "version": 1
    }
    "#);
    let told = app.wait_for_event("RULE_CREATED").await;
    assert_eq!(told.actor.name.as_deref(), Some("admin@example.com"));
    assert_eq!(
        (told.source_agent.as_str(), told.subject.id.as_str()),
        ("processing", made.body["id"].as_str().expect("id"))
    );
    assert_eq!(told.decode::<RuleCreated>().expect("its shape").rule.name, "Refunds");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_with_the_reason() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = tenant.rule("Taken", "true", "refund").await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    let post = async |body: Value| tenant.admin.post("/api/v1/rules", body).await;

    let bad = post(json!({"name": "r", "condition": "record.text ==", "label": "refund"})).await;
    assert_eq!(code(&bad), (422, "invalid_condition"));
    assert!(bad.body["context"]["line"].is_u64() && bad.body["context"]["column"].is_u64(), "{bad:?}");
    assert!(bad.body["context"]["expected"].is_string() && bad.body["context"]["fragment"].is_string(), "{bad:?}");
    let loops = post(json!({"name": "r", "condition": "[1].exists(x, x == 1)", "label": "refund"})).await;
    assert_eq!(code(&loops), (422, "invalid_condition"));
    let unknown = post(json!({"name": "r", "condition": "true", "label": "nope"})).await;
    assert_eq!((code(&unknown), &unknown.body["context"]["label"]), ((422, "unknown_label"), &json!("nope")));
    let taken = post(json!({"name": "Taken", "condition": "true", "label": "refund"})).await;
    assert_eq!(code(&taken), (409, "rule_exists"));

    assert_eq!(code(&tenant.admin.patch(&path, json!({"condition": "1 +"})).await), (422, "invalid_condition"));
    assert_eq!(code(&tenant.admin.patch(&path, json!({"label": "nope"})).await), (422, "unknown_label"));
    tenant.rule("Other", "true", "refund").await;
    assert_eq!(code(&tenant.admin.patch(&path, json!({"name": "Other"})).await), (409, "rule_exists"));
    let stale = tenant.admin.send("PATCH", &path, &[("if-match", "\"2\"")], Some(json!({"priority": 1}))).await;
    assert_eq!(code(&stale), (412, "version_conflict"));
    for verb in ["enable", "disable", "promote"] {
        let stale = tenant.admin.send("POST", &format!("{path}/{verb}"), &[("if-match", "\"2\"")], None).await;
        assert_eq!(code(&stale), (412, "version_conflict"));
    }
    assert_eq!(
        code(&tenant.admin.send("DELETE", &path, &[("if-match", "\"2\"")], None).await),
        (412, "version_conflict")
    );
    assert_eq!(tenant.admin.get(&path).await.body, rule, "nothing changed");
    assert_eq!(app.count("rule_versions").await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_ids_are_not_found() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let path = format!("/api/v1/rules/{}", RuleId::generate());
    let answers = [
        tenant.admin.get(&path).await,
        tenant.admin.patch(&path, json!({})).await,
        tenant.admin.delete(&path).await,
        tenant.admin.post(&format!("{path}/enable"), json!({})).await,
        tenant.admin.post(&format!("{path}/disable"), json!({})).await,
        tenant.admin.post(&format!("{path}/promote"), json!({})).await,
        tenant.admin.get(&format!("{path}/stats")).await,
        tenant.admin.get(&format!("{path}/versions")).await,
    ];
    for answer in answers {
        assert_eq!(code(&answer), (404, "not_found"), "{answer:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_a_version_and_an_event() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "complaint"]).await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));

    let changed = tenant.admin.patch(&path, json!({"label": "complaint", "priority": 5, "requiresReview": true})).await;
    assert_eq!(
        (changed.status, &changed.body["version"], &changed.body["label"]),
        (200, &json!(2), &json!("complaint"))
    );
    let disabled = tenant.admin.send("POST", &format!("{path}/disable"), &[], None).await;
    assert_eq!(
        (disabled.status, &disabled.body["status"], &disabled.body["version"]),
        (200, &json!("disabled"), &json!(3))
    );
    let again = tenant.admin.send("POST", &format!("{path}/disable"), &[], None).await;
    assert_eq!((again.status, &again.body["version"]), (200, &json!(3)), "it is disabled already");
    let enabled = tenant.admin.send("POST", &format!("{path}/enable"), &[], Some(json!({}))).await;
    assert_eq!((enabled.status, &enabled.body["status"], &enabled.body["version"]), (200, &json!("active"), &json!(4)));
    let unchanged = tenant.admin.patch(&path, json!({"priority": 5})).await;
    assert_eq!((unchanged.status, &unchanged.body["version"]), (200, &json!(4)));

    let deleted = tenant.admin.delete(&path).await;
    assert_eq!((deleted.status, &deleted.body["id"]), (200, &rule["id"]));
    assert_eq!(tenant.admin.get(&path).await.status, 404);

    let first = tenant.admin.get(&format!("{path}/versions?limit=3")).await;
    let cursor = first.next_cursor().expect("more follow").to_owned();
    let rest = tenant.admin.get(&format!("{path}/versions?limit=3&cursor={cursor}")).await;
    assert_eq!((rest.status, rest.next_cursor()), (200, None));
    let versions: Vec<&Value> = first.body.as_array().into_iter().chain(rest.body.as_array()).flatten().collect();
    let told: Vec<_> = versions.iter().map(|v| (&v["version"], &v["label"], &v["status"])).collect();
    let (complaint, refund, active, disabled) =
        (json!("complaint"), json!("refund"), json!("active"), json!("disabled"));
    let numbers: Vec<Value> = (1..=4).map(Value::from).collect();
    assert_eq!(
        told,
        [
            (&numbers[3], &complaint, &active),
            (&numbers[2], &complaint, &disabled),
            (&numbers[1], &complaint, &active),
            (&numbers[0], &refund, &active)
        ]
    );
    assert_eq!(versions[0]["changedBy"]["name"], "admin@example.com");

    wait_until("the rule's end is told", async || app.events_of("RULE_DELETED").await.pop()).await;
    let updates = app.events_of("RULE_UPDATED").await;
    assert_eq!(updates.len(), 3);
    let update = updates[0].decode::<RuleUpdated>().expect("its shape");
    assert_eq!((update.before.label.as_str(), update.rule.label.as_str()), ("refund", "complaint"));
    let end = app.events_of("RULE_DELETED").await[0].decode::<RuleDeleted>().expect("its shape");
    assert_eq!(end.version, 4);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_newest_first_and_filtered() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "complaint"]).await;
    tenant.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    tenant.rule("Angry", "record.text.contains(\"100%\")", "complaint").await;
    let shadow = json!({"name": "On trial", "condition": "true", "label": "complaint", "status": "shadow",
                        "description": "Anger, too."});
    tenant.rule_with(shadow).await;
    let get = async |query: &str| tenant.admin.get(&format!("/api/v1/rules{query}")).await;

    assert_eq!(names(&get("").await), ["On trial", "Angry", "Refunds"]);
    assert_eq!(names(&get("?status=shadow").await), ["On trial"]);
    assert_eq!(names(&get("?label=complaint").await), ["On trial", "Angry"]);
    assert_eq!(names(&get("?label=nope").await), Vec::<String>::new());
    assert_eq!(names(&get("?q=ANG").await), ["On trial", "Angry"], "name and description, in any case");
    assert_eq!(names(&get("?q=100%25").await), ["Angry"], "condition; the per cent sign is a letter");
    assert_eq!(names(&get("?q=_efunds").await), Vec::<String>::new());
    assert_eq!(names(&get("?status=active&label=complaint&q=angry").await), ["Angry"]);
    let first = get("?limit=2").await;
    assert_eq!(names(&first), ["On trial", "Angry"]);
    let cursor = first.next_cursor().expect("more follow").to_owned();
    let rest = get(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!((names(&rest), rest.next_cursor()), (vec!["Refunds".to_owned()], None));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_makes_one_rule() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let body = || Some(json!({"name": "Refunds", "condition": "true", "label": "refund"}));
    let send = async || tenant.admin.send("POST", "/api/v1/rules", &[("idempotency-key", "k")], body()).await;
    let (first, second) = tokio::join!(send(), send());
    let third = send().await;
    for answer in [&first, &second] {
        assert!(answer.status == 201 || code(answer) == (409, "idempotency_in_progress"), "{answer:?}");
    }
    assert_eq!((third.status, third.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(app.count("rules").await, 1);
    assert_eq!(app.count("rule_sets").await, 1);
    app.finish().await;
}
