//! Overrides that ask for a rule.

use common::event::{Approved, RuleRequested};
use common::rule::RuleStatus;
use common::{Identity, Principal, Role, TenantId, UserId};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{Question, act, create_label, start};

const CONDITION: &str = r#"record.text.contains("charged")"#;

async fn app_with_label(tenant: TenantId) -> TestApp {
    let app = start().await;
    create_label(&app, tenant, "travel").await;
    wait_until("the label is known", async || (app.count("labels").await == 1).then_some(())).await;
    app
}

fn with_rule(rule: &Value) -> Value {
    json!({"label": "travel", "rule": rule})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_names_the_rule_that_is_asked_for() {
    let tenant = TenantId::generate();
    let app = app_with_label(tenant).await;
    let ann = app.caller(tenant, Role::Admin);
    let approval = Question::of(tenant).open(&app).await;
    let rule = json!({"name": "Charges", "condition": CONDITION, "priority": 5});
    let answer = ann.post(&act(&approval, "override"), with_rule(&rule)).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let asked: RuleRequested = app.wait_for_event("RULE_REQUESTED").await.decode().expect("its shape");
    assert_eq!(json!(asked.rule_id), answer.body["ruleId"]);
    assert_eq!(json!(asked.approval_id), approval["id"]);
    assert_eq!((asked.name.as_str(), asked.condition.as_str()), ("Charges", CONDITION));
    assert_eq!((asked.label.as_str(), asked.priority, asked.status), ("travel", 5, RuleStatus::Active));
    let label = asked.label_id.expect("the label's id");
    assert_eq!(app.count(&format!("labels WHERE label_id = '{label}' AND name = 'travel'")).await, 1);
    let told: Approved = app.wait_for_event("APPROVED").await.decode().expect("its shape");
    assert_eq!(told.rule_id, Some(asked.rule_id));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_proposes_and_does_not_activate() {
    let tenant = TenantId::generate();
    let app = app_with_label(tenant).await;
    let bob = app.caller(tenant, Role::Reviewer);
    let approval = Question::of(tenant).open(&app).await;
    let path = act(&approval, "override");

    let active = json!({"name": "Charges", "condition": CONDITION, "status": "active"});
    let refused = bob.post(&path, with_rule(&active)).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("forbidden")));
    assert_eq!(refused.body["context"]["permission"], "rules:write");

    let narrowed = app.caller_as(Identity {
        tenant_id: tenant,
        principal: Principal::ApiKey(UserId::generate().0),
        role: Role::Reviewer,
        scopes: Some(vec!["approvals:decide".into()]),
        display_name: "robot".into(),
    });
    let silent = json!({"name": "Charges", "condition": CONDITION});
    let refused = narrowed.post(&path, with_rule(&silent)).await;
    assert_eq!(refused.body["context"]["permission"], "rules:propose", "{refused:?}");

    let answer = bob.post(&path, with_rule(&silent)).await;
    assert_eq!(answer.status, 200, "nothing was decided by the refused ones: {answer:?}");
    let asked: RuleRequested = app.wait_for_event("RULE_REQUESTED").await.decode().expect("its shape");
    assert_eq!((asked.status, asked.priority), (RuleStatus::Shadow, 100));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_condition_is_refused_with_its_place() {
    let tenant = TenantId::generate();
    let app = app_with_label(tenant).await;
    let ann = app.caller(tenant, Role::Admin);
    let approval = Question::of(tenant).open(&app).await;
    for condition in ["record.text.contains(", "record.nothing == 1", "record.amount", "", &"(".repeat(5_000)] {
        let rule = json!({"name": "Bad", "condition": condition});
        let refused = ann.post(&act(&approval, "override"), with_rule(&rule)).await;
        assert_eq!((refused.status, &refused.body["code"]), (422, &json!("invalid_condition")), "{condition:.40}");
        let context = &refused.body["context"];
        assert!(context["line"].is_u64() && context["column"].is_u64(), "{context}");
        assert!(context["expected"].is_string(), "{context}");
    }
    let shown = ann.get(&format!("/api/v1/approvals/{}", approval["id"].as_str().expect("an id"))).await;
    assert_eq!(shown.body["status"], "pending");
    assert_eq!(app.count("outbox").await, 0);
    app.finish().await;
}
