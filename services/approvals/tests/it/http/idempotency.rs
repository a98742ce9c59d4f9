//! `Idempotency-Key` on acts.

use common::{Role, TenantId};
use serde_json::json;

use crate::support::{Question, act, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_gets_the_first_answer() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let approval = Question::of(tenant).open(&app).await;
    let path = act(&approval, "approve");
    let key = [("idempotency-key", "k-1")];

    let first = ann.send("POST", &path, &key, Some(json!({"comment": "yes"}))).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = ann.send("POST", &path, &key, Some(json!({"comment": "yes"}))).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));

    let other = ann.send("POST", &path, &key, Some(json!({"comment": "no"}))).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency_key_reused")));
    let without = ann.post(&path, json!({"comment": "yes"})).await;
    assert_eq!(without.body["code"], "already_decided");
    app.wait_for_event("APPROVED").await;
    assert_eq!(app.events_of("APPROVED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_at_once_with_one_key_decide_once() {
    let app = start().await;
    let tenant = TenantId::generate();
    let ann = app.caller(tenant, Role::Reviewer);
    let approval = Question::of(tenant).open(&app).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (ann, path) = (ann.clone(), act(&approval, "approve"));
        racing.spawn(async move { ann.send("POST", &path, &[("idempotency-key", "k")], Some(json!({}))).await });
    }
    let answers = racing.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    for answer in &answers {
        let in_progress = answer.status == 409 && answer.body["code"] == "idempotency_in_progress";
        assert!(answer.status == 200 || in_progress, "{answer:?}");
    }
    assert_eq!(app.count("approval_events").await, 1);
    app.finish().await;
}
