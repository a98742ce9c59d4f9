//! `GET /processing/outcomes/{recordId}`.

use common::event::ApprovalOutcome;
use common::{Clock as _, RecordId, SystemClock};
use serde_json::json;

use crate::support::{Tenant, approved, event, ingested, person, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_every_rule() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rules = [
        ("No value", "record.attributes[\"tier\"] == \"gold\"", 1),
        ("Miss", "record.text.contains(\"nothing of the kind\")", 2),
        ("Hit", "record.text.contains(\"refund\")", 3),
        ("Late", "true", 4),
    ];
    for (name, condition, priority) in rules {
        let body = json!({"name": name, "condition": condition, "label": "refund", "priority": priority});
        tenant.rule_with(body).await;
    }
    let shadow = json!({"name": "Shadow", "condition": "true", "label": "refund", "priority": 0, "status": "shadow"});
    tenant.rule_with(shadow).await;
    let record = snapshot("a refund please");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let outcomes = tenant.outcomes(record.record_id, 1).await;
    insta::assert_json_snapshot!(outcomes, {
        "[].id" => "[id]", "[].recordId" => "[id]", "[].decidedAt" => "[time]", "[].reasoning.rule.id" => "[id]",
        "[].rules[].ruleId" => "[id]", "[].rules[].error" => "[why]",
    }, @r#"
    [
      {
        "confidence": 1.0,
        "current": true,
        "decidedAt": "[time]",
        "decidedBy": null,
        "id": "[id]",
        "label": "refund",
        "reasoning": {
          "rule": {
            "id": "[id]",
            "name": "Hit",
            "version": 1
          },
          "ruleSetVersion": 5,
          "rulesEvaluated": 3,
          "summary": "Rule \"Hit\" (version 1) matched: \"refund\".",
          "thresholds": {
            "autoAccept": 0.9
          },
          "whyHuman": null
        },
        "recordId": "[id]",
        "review": null,
        "rules": [
          {
            "error": "[why]",
            "name": "No value",
            "outcome": "error",
            "ruleId": "[id]",
            "version": 1
          },
          {
            "name": "Miss",
            "outcome": "not_matched",
            "ruleId": "[id]",
            "version": 1
          },
          {
            "name": "Hit",
            "outcome": "matched",
            "ruleId": "[id]",
            "version": 1
          },
          {
            "name": "Late",
            "outcome": "not_reached",
            "ruleId": "[id]",
            "version": 1
          }
        ],
        "sequence": 1,
        "stage": "rule",
        "status": "classified"
      }
    ]
    "#);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_stays_true_when_rules_change_or_go() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let rule = tenant.rule("Refunds", "true", "refund").await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    let before = tenant.outcomes(record.record_id, 1).await;
    let path = format!("/api/v1/rules/{}", rule["id"].as_str().expect("id"));
    assert_eq!(tenant.admin.patch(&path, json!({"name": "Other", "condition": "false"})).await.status, 200);
    assert_eq!(tenant.outcomes(record.record_id, 1).await, before);
    assert_eq!(tenant.admin.delete(&path).await.status, 200);
    assert_eq!(tenant.outcomes(record.record_id, 1).await, before);
    assert_eq!(before[0]["rules"][0]["name"], "Refunds");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_paged_newest_first() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let record = snapshot("x");
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.outcomes(record.record_id, 1).await;
    for minute in 1..=3 {
        let at = SystemClock.now() + chrono::Duration::minutes(minute);
        let approval = approved(&record, ApprovalOutcome::Override, "refund", at);
        app.publish(&[event(tenant.id, "approvals", person("Ann"), &approval)]).await;
    }
    let all = tenant.outcomes(record.record_id, 4).await;
    assert!(all.windows(2).all(|pair| pair[0]["decidedAt"].as_str() > pair[1]["decidedAt"].as_str()), "{all:?}");
    assert_eq!(all.iter().map(|one| one["current"] == true).collect::<Vec<_>>(), [true, false, false, false]);

    let path = format!("/api/v1/processing/outcomes/{}?limit=3", record.record_id);
    let first = tenant.admin.get(&path).await;
    let cursor = first.next_cursor().expect("more follow").to_owned();
    let rest = tenant.admin.get(&format!("{path}&cursor={cursor}")).await;
    assert_eq!(rest.next_cursor(), None);
    let paged: Vec<_> = first.body.as_array().into_iter().chain(rest.body.as_array()).flatten().cloned().collect();
    assert_eq!(paged, all);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_record_is_not_found() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let answer = tenant.admin.get(&format!("/api/v1/processing/outcomes/{}", RecordId::generate())).await;
    assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")));
    app.finish().await;
}
