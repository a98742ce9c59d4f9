//! `POST /rules/preview`.

use common::event::{ApprovalOutcome, RecordSnapshot};
use common::{Clock as _, Identity, Principal, Role, SystemClock, UserId};
use serde_json::{Value, json};
use test_support::TestApp;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start, text};

const PATH: &str = "/api/v1/rules/preview";

async fn history(app: &TestApp, tenant: &Tenant, texts: &[&str]) -> Vec<RecordSnapshot> {
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

fn counts(preview: &Value) -> Vec<i64> {
    ["evaluated", "matched", "wouldChange", "unchanged", "shadowed", "agreesWithHuman", "contradictsHuman"]
        .iter()
        .map(|name| preview[*name].as_i64().unwrap_or_else(|| panic!("{name} in {preview}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tried_on_what_was() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund", "bill"]).await;
    let bills = tenant.rule("Bills", "record.text.contains(\"bill\")", "bill").await;
    let texts = ["refund 1", "refund 2", "refund 3", "refund of a bill", "a bill", "hello"];
    let records = history(&app, &tenant, &texts).await;
    by_person(&app, &tenant, &records[0], "refund").await;
    by_person(&app, &tenant, &records[1], "bill").await;

    let body = json!({"condition": "record.text.contains(\"refund\")", "label": "refund"});
    let answer = tenant.admin.post(PATH, body.clone()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let preview = &answer.body;
    assert_eq!(counts(preview), [6, 4, 1, 3, 1, 1, 1], "{preview}");
    assert_eq!(preview["precision"], 0.5);
    assert_eq!(preview["contradictions"], json!([{"recordId": records[1].record_id, "label": "bill"}]));
    let overlap = &preview["overlaps"][0];
    assert_eq!((&overlap["ruleId"], &overlap["records"], &overlap["keeps"]), (&bills["id"], &json!(1), &json!(1)));
    let changed = preview["samples"].as_array().expect("a list").iter().find(|sample| sample["effect"] == "changed");
    let changed = changed.expect("one changes");
    assert_eq!(changed["recordId"], json!(records[2].record_id));
    assert_eq!((&changed["before"]["label"], &changed["after"]["label"]), (&json!(null), &json!("refund")));
    assert_eq!(
        (&changed["before"]["status"], &changed["after"]["status"]),
        (&json!("pending_review"), &json!("classified"))
    );

    let sooner = json!({"condition": "record.text.contains(\"refund\")", "label": "refund", "priority": 1});
    let preview = tenant.admin.post(PATH, sooner).await.body;
    assert_eq!(counts(&preview), [6, 4, 2, 2, 0, 1, 1], "{preview}");
    assert_eq!(preview["overlaps"][0]["loses"], 1);
    let changed = json!({"condition": "record.text.contains(\"bill\")", "label": "refund", "ruleId": bills["id"]});
    let preview = tenant.admin.post(PATH, changed).await.body;
    assert_eq!((&preview["wouldChange"], &preview["overlaps"]), (&json!(2), &json!([])), "{preview}");

    let newest = json!({"condition": "true", "label": "refund", "scope": {"limit": 2}});
    assert_eq!(tenant.admin.post(PATH, newest).await.body["evaluated"], 2);
    let never = json!({"condition": "true", "label": "refund", "scope": {"to": "2020-01-01T00:00:00Z"}});
    let preview = tenant.admin.post(PATH, never).await.body;
    assert_eq!((&preview["evaluated"], &preview["precision"]), (&json!(0), &json!(null)));
    assert_eq!(app.count("rules").await, 1, "nothing is stored");
    assert_eq!(text(&tenant.current(records[2].record_id).await["status"]), "pending_review");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_line_by_line() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    history(&app, &tenant, &["a", "b"]).await;
    let body = json!({"condition": "record.text == \"a\"", "label": "refund"});
    let lines = [("accept", "application/x-ndjson")];
    let answer = tenant.admin.send("POST", PATH, &lines, Some(body)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    assert_eq!(answer.header("x-verdict-envelope"), Some("none"), "the gateway leaves it as it is");
    let told: Vec<Value> =
        text(&answer.body).lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(told[0], json!({"type": "progress", "evaluated": 2, "matched": 1, "limit": 100_000}));
    assert_eq!((told.len(), &told[1]["type"], &told[1]["data"]["matched"]), (2, &json!("result"), &json!(1)));

    let bad = json!({"condition": "oops(", "label": "refund"});
    let refused = tenant.admin.send("POST", PATH, &lines, Some(bad)).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (422, &json!("invalid_condition")),
        "known before the first line"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tried_is_refused() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let unknown = tenant.admin.post(PATH, json!({"condition": "true", "label": "nope"})).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (422, &json!("unknown_label")), "{unknown:?}");
    let bad = tenant.admin.post(PATH, json!({"condition": "record.gone", "label": "refund"})).await;
    assert_eq!((bad.status, &bad.body["context"]["column"]), (422, &json!(8)), "{bad:?}");
    let narrowed = app.caller_as(Identity {
        tenant_id: tenant.id,
        principal: Principal::ApiKey(UserId::generate().0),
        role: Role::Admin,
        scopes: Some(vec!["rules:test".into()]),
        display_name: "robot".into(),
    });
    let refused = narrowed.post(PATH, json!({"condition": "true", "label": "refund"})).await;
    assert_eq!((refused.status, &refused.body["context"]["permission"]), (403, &json!("records:read")), "{refused:?}");
    app.finish().await;
}
