//! `GET /rules/export`, `POST /rules/import/plan` and `/apply`.

use serde_json::{Value, json};
use test_support::{Answer, TestApp, wait_until};

use crate::support::{Tenant, ingested, snapshot, start, text};

const PLAN: &str = "/api/v1/rules/import/plan";
const APPLY: &str = "/api/v1/rules/import/apply";

const DOCUMENT: &str = r#"
version: 1
lists:
  - name: travel
    values: [Rail, Air]
rules:
  - name: Refunds
    condition: record.text.contains("refund")
    label: refund
  - name: Trips
    condition: record.counterparty in lists.travel
    label: trip
    priority: 50
    status: shadow
"#;

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

fn counts(plan: &Value) -> [i64; 4] {
    ["created", "updated", "deleted", "unchanged"].map(|name| plan[name].as_i64().expect("a count"))
}

async fn history(app: &TestApp, tenant: &Tenant, texts: &[&str]) {
    for text in texts {
        let record = snapshot(text);
        app.publish(&[ingested(tenant.id, &record)]).await;
        tenant.outcomes(record.record_id, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_planned_and_then_carried_out_at_once() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "trip", "other"]).await;
    tenant.rule("Refunds", "record.text.contains(\"money back\")", "refund").await;
    tenant.rule("Old", "record.text == \"old\"", "other").await;
    history(&app, &tenant, &["a refund", "money back", "old"]).await;

    let plan = tenant.admin.post(PLAN, json!({"document": DOCUMENT})).await;
    assert_eq!((plan.status, counts(&plan.body)), (200, [1, 1, 0, 1]), "{plan:?}");
    let update = plan.body["rules"].as_array().expect("a list").iter().find(|step| step["action"] == "update");
    let changes = &update.expect("an update")["changes"];
    assert_eq!(changes[0]["field"], "condition");
    assert_eq!(
        (&changes[0]["from"], changes.as_array().map(Vec::len)),
        (&json!("record.text.contains(\"money back\")"), Some(1))
    );
    assert_eq!(plan.body["lists"], json!([{"action": "create", "name": "travel", "added": 2, "removed": 0}]));
    assert_eq!(plan.body["impact"], json!({"evaluated": 3, "wouldChange": 2, "contradictsHuman": 0}));
    assert_eq!((app.count("rules").await, app.count("value_lists").await), (2, 0), "nothing is stored");

    let version = plan.body["ruleSetVersion"].as_i64().expect("a version");
    let body = json!({"document": DOCUMENT, "prune": true, "expectedRuleSetVersion": version});
    let key = [("idempotency-key", "k")];
    let applied = tenant.admin.send("POST", APPLY, &key, Some(body.clone())).await;
    assert_eq!((applied.status, counts(&applied.body)), (200, [1, 1, 1, 0]), "{applied:?}");
    let again = tenant.admin.send("POST", APPLY, &key, Some(body.clone())).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&applied.body, Some("true")));
    assert_eq!(app.count(&format!("rule_set_heads WHERE version = {}", version + 1)).await, 1, "one rule set for all");
    let rules = tenant.admin.get("/api/v1/rules").await.body;
    let told: Vec<_> =
        rules.as_array().expect("a list").iter().map(|rule| (text(&rule["name"]), text(&rule["origin"]))).collect();
    assert_eq!(told, [("Trips".to_owned(), "import".to_owned()), ("Refunds".to_owned(), "manual".to_owned())]);
    wait_until("every change is told", async || {
        let counts = (app.events_of("RULE_UPDATED").await.len(), app.events_of("RULE_DELETED").await.len());
        (counts == (1, 1) && app.events_of("VALUE_LIST_CREATED").await.len() == 1).then_some(())
    })
    .await;
    let stale = tenant.admin.post(APPLY, body).await;
    assert_eq!((code(&stale), &stale.body["context"]["ruleSetVersion"]), ((409, "conflict"), &json!(version + 1)));
    let same = tenant.admin.post(APPLY, json!({"document": DOCUMENT})).await;
    assert_eq!((same.status, counts(&same.body)), (200, [0, 0, 0, 2]));
    assert_eq!(
        app.count(&format!("rule_set_heads WHERE version = {}", version + 1)).await,
        1,
        "no change, no rule set"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_can_be_imported_elsewhere() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "trip"]).await;
    assert_eq!(tenant.admin.post(APPLY, json!({"document": DOCUMENT})).await.status, 200);
    let exported = tenant.admin.get("/api/v1/rules/export").await;
    assert_eq!((exported.status, exported.header("content-type")), (200, Some("application/yaml")));
    assert_eq!(exported.header("x-verdict-envelope"), Some("none"), "the gateway leaves it as it is");
    let document = text(&exported.body);
    let same = tenant.admin.post(PLAN, json!({"document": document, "prune": true})).await;
    assert_eq!((same.status, counts(&same.body)), (200, [0, 0, 0, 2]), "{same:?}");
    let elsewhere = Tenant::with_labels(&app, &["refund", "trip"]).await;
    let applied = elsewhere.admin.post(APPLY, json!({"document": document})).await;
    assert_eq!((applied.status, counts(&applied.body)), (200, [2, 0, 0, 0]), "{applied:?}");
    assert_eq!(text(&elsewhere.admin.get("/api/v1/rules/export").await.body), document);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_way_is_told_at_once_and_nothing_done() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let document = "version: 1\nrules:\n- {name: a, condition: 'record.gone', label: refund}\n\
                    - {name: b, condition: 'record.text in lists.nope', label: nope}\n\
                    - {name: c, condition: 'true', label: refund, priority: -1}\n\
                    - {name: a, condition: 'true', label: refund}\n";
    let plan = tenant.admin.post(PLAN, json!({"document": document})).await;
    let errors: Vec<_> = plan.body["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| (text(&error["path"]), text(&error["rule"])))
        .collect();
    let wanted = [
        ("rules[2].priority", "range"),
        ("rules[3].name", "unique"),
        ("rules[0].condition", "invalid_condition"),
        ("rules[1].label", "unknown_label"),
        ("rules[1].condition", "invalid_condition"),
    ];
    assert_eq!(errors, wanted.map(|(path, rule)| (path.to_owned(), rule.to_owned())), "{plan:?}");
    assert_eq!(plan.body["impact"], json!(null));
    let refused = tenant.admin.post(APPLY, json!({"document": document})).await;
    assert_eq!(code(&refused), (422, "validation_failed"));
    assert_eq!(refused.body["context"]["fields"].as_array().map(Vec::len), Some(5));
    for document in ["version: 1\nrules: [", "version: 9", "rules: []", "version: 1\nruels: []"] {
        let bad = tenant.admin.post(APPLY, json!({"document": document})).await;
        assert_eq!(code(&bad), (422, "invalid_rule_document"), "{document}: {bad:?}");
        assert!(bad.body["context"]["line"].as_i64() >= Some(1), "{bad:?}");
    }
    assert_eq!((app.count("rules").await, app.count("rule_sets").await), (0, 0));
    app.finish().await;
}
