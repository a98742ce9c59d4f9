//! Approve and override: each question is answered once, and everybody is told all of it.

use common::event::{ApprovalOutcome, Approved};
use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::{Answer, wait_until};

use crate::support::{Question, act, create_label, start};

fn refused_as_decided(answer: &Answer, first: &Answer) {
    assert_eq!((answer.status, &answer.body["code"]), (409, &json!("already_decided")), "{answer:?}");
    assert_eq!(answer.body["context"]["decidedBy"], first.body["decidedBy"]);
    assert_eq!(answer.body["context"]["decidedAt"], first.body["decidedAt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_final_and_told_with_all_that_a_learner_needs() {
    let app = start().await;
    let tenant = TenantId::generate();
    let (ann, bob) = (app.caller(tenant, Role::Reviewer), app.caller(tenant, Role::Owner));
    let question = Question::of(tenant);
    let approval = question.open(&app).await;

    let traceparent = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let body = json!({"comment": "As last month."});
    let approved = ann.send("POST", &act(&approval, "approve"), &[traceparent], Some(body)).await;
    assert_eq!(approved.status, 200, "{approved:?}");
    assert_eq!(approved.body["status"], "approved");
    assert_eq!(approved.body["outcomeLabel"], "fee");
    assert_eq!(approved.body["decidedBy"]["name"], "reviewer@example.com");

    for verb in ["claim", "release", "approve"] {
        refused_as_decided(&bob.post(&act(&approval, verb), json!({})).await, &approved);
    }
    let late = bob.post(&act(&approval, "override"), json!({"label": "fee"})).await;
    refused_as_decided(&late, &approved);
    assert_eq!(late.body["context"]["outcome"], "approve");

    let event = app.wait_for_event("APPROVED").await;
    assert_eq!(event.tenant_id, tenant);
    assert_eq!(event.source_agent, "approvals");
    assert_eq!(event.trace_id, "0af7651916cd43dd8448eb211c80319c", "the trace of the request");
    assert_eq!(json!(event.actor), approved.body["decidedBy"]);
    let told: Approved = event.decode().expect("the shape of APPROVED");
    assert_eq!(told.approval_id.expect("a question").to_string(), approval["id"].as_str().expect("an id"));
    assert_eq!(json!(told.decision_id), approved.body["decisionId"]);
    assert_eq!((told.outcome, told.label.as_str()), (ApprovalOutcome::Approve, "fee"));
    assert_eq!(told.comment.as_deref(), Some("As last month."));
    assert_eq!(json!(told.proposal), approval["proposal"]);
    assert_eq!(told.record.record_id, question.record);
    assert_eq!(told.record.normalized.text, "Why was I charged?");
    assert_eq!(told.requested_at, question.at);
    assert_eq!(json!(told.decided_at), approved.body["decidedAt"]);
    assert_eq!(app.events_of("RULE_REQUESTED").await.len(), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_a_proposal_can_only_be_overridden() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let approval = Question::of(tenant).undecided().open(&app).await;

    let refused = ann.post(&act(&approval, "approve"), json!({})).await;
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("validation_failed")));
    assert!(refused.body["message"].as_str().expect("a text").contains("override"), "{refused:?}");

    create_label(&app, tenant, "travel").await;
    let overridden = ann.post(&act(&approval, "override"), json!({"label": "travel"})).await;
    assert_eq!(overridden.status, 200, "{overridden:?}");
    assert_eq!(overridden.body["status"], "overridden");
    assert_eq!(overridden.body["outcomeLabel"], "travel");
    assert_eq!(overridden.body["ruleId"], Value::Null);
    let told: Approved = app.wait_for_event("APPROVED").await.decode().expect("the shape of APPROVED");
    assert_eq!((told.outcome, told.rule_id), (ApprovalOutcome::Override, None));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_label_is_refused_after_a_short_wait_for_it() {
    let app = start().await;
    let (tenant, other) = (TenantId::generate(), TenantId::generate());
    let ann = app.caller(tenant, Role::Reviewer);
    let approval = Question::of(tenant).open(&app).await;
    create_label(&app, other, "travel").await;
    wait_until("the label is known", async || (app.count("labels").await == 1).then_some(())).await;

    let refused = ann.post(&act(&approval, "override"), json!({"label": "travel"})).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (422, &json!("unknown_label")),
        "another tenant's: {refused:?}"
    );
    assert_eq!(refused.body["context"]["label"], "travel");

    // The label's event arrives while the override waits for it.
    let path = act(&approval, "override");
    let (overridden, _) =
        tokio::join!(ann.post(&path, json!({"label": "travel"})), create_label(&app, tenant, "travel"));
    assert_eq!(overridden.status, 200, "{overridden:?}");
    app.finish().await;
}
