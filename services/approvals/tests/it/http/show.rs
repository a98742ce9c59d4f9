//! `GET /approvals/{id}`

use common::{Role, TenantId};
use insta::{assert_json_snapshot, dynamic_redaction};
use serde_json::json;

use crate::support::{Question, act, start};

#[tokio::test(flavor = "multi_thread")]
async fn shows_record_proposal_candidates_and_history() {
    let app = start().await;
    let tenant = TenantId::generate();
    let approval = Question::of(tenant).open(&app).await;
    let ann = app.caller(tenant, Role::Reviewer);
    ann.post(&act(&approval, "claim"), json!({})).await;
    ann.post(&act(&approval, "release"), json!({})).await;
    ann.post(&act(&approval, "approve"), json!({"comment": "As last month."})).await;

    let answer = ann.get(&format!("/api/v1/approvals/{}", approval["id"].as_str().expect("an id"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("etag"), Some("\"4\""));
    let uuid = || {
        dynamic_redaction(
            |value, _| if value.as_str().is_some_and(|v| v.len() == 36) { "[uuid]".into() } else { value },
        )
    };
    let time = || {
        dynamic_redaction(
            |value, _| if value.as_str().is_some_and(|v| v.ends_with('Z')) { "[time]".into() } else { value },
        )
    };
    assert_json_snapshot!(answer.body, {
        ".id" => uuid(), ".recordId" => uuid(), ".decisionId" => uuid(), ".record.id" => uuid(),
        ".**.decisionId" => uuid(), ".**.rule.id" => uuid(), ".decidedBy.id" => uuid(), ".history[].actor.id" => uuid(),
        ".decidedAt" => time(), ".requestedAt" => time(), ".record.receivedAt" => time(), ".history[].at" => time(),
    });
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_id_is_not_found() {
    let app = start().await;
    let reader = app.caller(TenantId::generate(), Role::Analyst);
    let answer = reader.get(&format!("/api/v1/approvals/{}", TenantId::generate())).await;
    assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")));
    app.finish().await;
}
