//! Two tenants: no route of one sees, counts or changes what is the other's.

use common::{Role, TenantId};
use serde_json::json;
use test_support::wait_until;

use crate::support::{Question, act, all, create_label, start};

#[tokio::test(flavor = "multi_thread")]
async fn no_route_crosses_tenants() {
    let app = start().await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    for tenant in [ours, theirs] {
        create_label(&app, tenant, "travel").await;
    }
    wait_until("the labels are known", async || (app.count("labels").await == 2).then_some(())).await;
    let approval = Question::of(theirs).open(&app).await;
    let stranger = app.caller(ours, Role::Owner);

    assert!(all(&stranger, "").await.is_empty());
    let stats = stranger.get("/api/v1/approvals/stats").await;
    assert_eq!(stats.body["pending"], 0);
    let id = approval["id"].as_str().expect("an id");
    assert_eq!(stranger.get(&format!("/api/v1/approvals/{id}")).await.status, 404);
    for (verb, body) in
        [("claim", json!({})), ("release", json!({})), ("approve", json!({})), ("override", json!({"label": "travel"}))]
    {
        let answer = stranger.post(&act(&approval, verb), body).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{verb}");
    }

    let member = app.caller(theirs, Role::Analyst);
    let shown = member.get(&format!("/api/v1/approvals/{id}")).await;
    assert_eq!((&shown.body["version"], &shown.body["status"]), (&json!(1), &json!("pending")));
    assert_eq!(shown.body["history"].as_array().map(Vec::len), Some(1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_identity_nothing_is_answered() {
    let app = start().await;
    let nobody = app.anonymous();
    let id = TenantId::generate();
    let calls = [
        ("GET", "/api/v1/approvals".to_owned()),
        ("GET", "/api/v1/approvals/stats".to_owned()),
        ("GET", format!("/api/v1/approvals/{id}")),
        ("POST", format!("/api/v1/approvals/{id}/claim")),
        ("POST", format!("/api/v1/approvals/{id}/release")),
        ("POST", format!("/api/v1/approvals/{id}/approve")),
        ("POST", format!("/api/v1/approvals/{id}/override")),
    ];
    for (method, path) in calls {
        let answer = nobody.send(method, &path, &[], (method == "POST").then(|| json!({"label": "x"}))).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthenticated")), "{method} {path}");
        let forged = nobody.send(method, &path, &[("x-verdict-identity", "e30.e30.e30")], None).await;
        assert_eq!(forged.status, 401, "{method} {path}");
    }
    app.finish().await;
}
