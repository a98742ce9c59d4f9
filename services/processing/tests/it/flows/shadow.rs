//! Rules on trial: evaluated on live records, recorded where they match, never deciding.

use common::event::{ApprovalOutcome, RecordSnapshot};
use common::{Clock as _, SystemClock};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start, text};

async fn decide_all(app: &TestApp, tenant: &Tenant, texts: &[&str]) -> Vec<RecordSnapshot> {
    let records: Vec<_> = texts.iter().map(|text| snapshot(text)).collect();
    let events: Vec<_> = records.iter().map(|record| ingested(tenant.id, record)).collect();
    app.publish(&events).await;
    for record in &records {
        tenant.outcomes(record.record_id, 1).await;
    }
    records
}

async fn by_person(app: &TestApp, tenant: &Tenant, record: &RecordSnapshot, label: &str) {
    let approval = approved(record, ApprovalOutcome::Override, label, SystemClock.now());
    app.publish(&[event(tenant.id, "approvals", person("Ann"), &approval)]).await;
    tenant.outcomes(record.record_id, 2).await;
}

async fn stats(tenant: &Tenant, rule: &Value) -> Value {
    let answer = tenant.admin.get(&format!("/api/v1/rules/{}/stats", text(&rule["id"]))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_is_compared_with_what_happened() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "bill"]).await;
    let bills = tenant.rule("Bills", "record.text.contains(\"bill\")", "bill").await;
    let trial = json!({"name": "Trial", "condition": "record.text.contains(\"refund\")", "label": "refund",
                       "priority": 200, "status": "shadow"});
    let trial = tenant.rule_with(trial).await;
    let records = decide_all(&app, &tenant, &["refund one", "refund two", "refund of a bill", "bill", "hello"]).await;
    for record in &records {
        assert_ne!(tenant.current(record.record_id).await["label"], "refund", "a trial decides nothing");
    }
    assert_eq!(app.count("shadow_matches").await, 3, "misses leave no row");
    by_person(&app, &tenant, &records[0], "refund").await;
    by_person(&app, &tenant, &records[1], "bill").await;

    let told = stats(&tenant, &trial).await;
    assert_eq!(
        (&told["status"], &told["matches"], &told["decided"]),
        (&json!("shadow"), &json!(3), &json!(0)),
        "{told}"
    );
    assert_eq!((&told["precision"], &told["overridden"]), (&json!(0.5), &json!(0)), "{told}");
    assert_eq!(told["perDay"][0]["matches"], 3, "{told}");
    let shadow = &told["shadow"];
    let counts =
        ["matches", "wouldDecide", "agreed", "differed", "undecided", "agreedWithPeople", "differedFromPeople"];
    let counts: Vec<_> = counts.iter().map(|name| shadow[*name].as_i64().expect("a count")).collect();
    assert_eq!(counts, [3, 2, 1, 2, 0, 1, 1], "{told}");

    let told = stats(&tenant, &bills).await;
    assert_eq!(
        (&told["matches"], &told["decided"], &told["precision"]),
        (&json!(2), &json!(2), &json!(null)),
        "{told}"
    );
    by_person(&app, &tenant, &records[3], "refund").await;
    let told = stats(&tenant, &bills).await;
    assert_eq!((&told["overridden"], &told["precision"]), (&json!(1), &json!(0.0)), "{told}");
    assert!(told["lastMatchedAt"].is_string(), "{told}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_rule_decides_and_keeps_its_trial() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = json!({"name": "Trial", "condition": "record.text == \"x\"", "label": "refund", "status": "shadow"});
    let rule = tenant.rule_with(rule).await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    decide_all(&app, &tenant, &["x"]).await;
    let key = [("idempotency-key", "once")];
    let promoted = tenant.admin.send("POST", &format!("{path}/promote"), &key, None).await;
    assert_eq!(
        (promoted.status, &promoted.body["status"], &promoted.body["version"]),
        (200, &json!("active"), &json!(2))
    );
    let repeated = tenant.admin.send("POST", &format!("{path}/promote"), &key, None).await;
    assert_eq!((&repeated.body, repeated.header("idempotent-replayed")), (&promoted.body, Some("true")));
    let again = tenant.admin.send("POST", &format!("{path}/promote"), &[], None).await;
    assert_eq!((again.status, &again.body["version"]), (200, &json!(2)), "it decides already");
    let records = decide_all(&app, &tenant, &["x"]).await;
    assert_eq!(tenant.current(records[0].record_id).await["label"], "refund");
    let told = stats(&tenant, &rule).await;
    assert_eq!((&told["matches"], &told["shadow"]["matches"]), (&json!(1), &json!(1)), "{told}");
    wait_until("the promotion is told", async || app.events_of("RULE_UPDATED").await.pop()).await;

    tenant.admin.send("POST", &format!("{path}/disable"), &[], None).await;
    let refused = tenant.admin.send("POST", &format!("{path}/promote"), &[], None).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("rule_not_in_shadow")), "{refused:?}");
    assert_eq!(refused.body["context"]["status"], "disabled");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_of_something_else_starts_anew() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = json!({"name": "Trial", "condition": "record.text == \"x\"", "label": "refund", "status": "shadow"});
    let rule = tenant.rule_with(rule).await;
    decide_all(&app, &tenant, &["x", "x", "y"]).await;
    let path = format!("/api/v1/rules/{}", text(&rule["id"]));
    tenant.admin.patch(&path, json!({"description": "the same rule still"})).await;
    assert_eq!(stats(&tenant, &rule).await["matches"], 2);
    tenant.admin.patch(&path, json!({"condition": "record.text == \"y\""})).await;
    let told = stats(&tenant, &rule).await;
    assert_eq!((&told["matches"], &told["shadow"]["sinceVersion"]), (&json!(0), &json!(3)), "{told}");
    app.finish().await;
}
