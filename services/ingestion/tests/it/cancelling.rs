//! Ending operations early, and what nobody answers for.

use common::{OperationId, Role, TenantId};
use serde_json::{Value, json};
use test_support::wait_until;

use crate::operations::{BULK, ended, items, reprocessed, revert_path, send};
use crate::{all_at_once, start, start_api_only};

fn path(operation: &Value) -> String {
    format!("/api/v1/operations/{}", operation.as_str().expect("an id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_begun_is_cancelled_and_says_so() {
    let app = start_api_only().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let ids = send(&admin, "shop", 3).await;
    let started = admin.post(BULK, json!({"action": "archive", "ids": ids})).await.body["operationId"].clone();
    let cancel = format!("{}/cancel", path(&started));
    let key = [("idempotency-key", "k-1")];
    let answer = admin.send("POST", &cancel, &key, Some(json!({}))).await;
    assert_eq!(
        (answer.status, &answer.body["status"], &answer.body["cancelled"], &answer.body["done"]),
        (200, &json!("cancelled"), &json!(3), &json!(3)),
        "{answer:?}"
    );
    assert_eq!(answer.body["cancelledBy"]["type"], "user");
    assert!(answer.body["completedAt"].is_string());
    let again = admin.send("POST", &cancel, &key, Some(json!({}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &answer.body));
    assert_eq!(admin.post(&cancel, json!({})).await.body, answer.body, "it is so already");
    let other = admin.send("POST", &cancel, &key, Some(json!({"why": 1}))).await;
    assert_eq!((other.status, other.body["code"].as_str()), (422, Some("validation_failed")));
    assert_eq!(items(&admin, &json!({"id": started}), "&result=cancelled").await.len(), 3);
    assert_eq!(app.count("records WHERE status = 'archived'").await, 0);
    for (kind, data) in [
        ("OPERATION_CANCELLED", "\"action\":\"archive\",\"cancelled\":3"),
        ("OPERATION_COMPLETED", "\"changed\":0,%\"cancelled\":3"),
    ] {
        let told = format!("outbox WHERE routing_key = '{kind}' AND event::text LIKE '%{data}%'");
        assert_eq!(app.count(&told).await, 1, "{kind}, once");
    }

    let stranger = app.caller(TenantId::generate(), Role::Admin);
    for cancel in [cancel, format!("/api/v1/operations/{}/cancel", OperationId::generate())] {
        let answer = stranger.post(&cancel, json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{cancel}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_in_the_middle_and_a_cancel_leave_every_item_with_one_end() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    send(&admin, "shop", 1_000).await;
    wait_until("the lists have them", async || (app.count("record_facets").await == 1_000).then_some(())).await;
    let started = admin.post(BULK, json!({"action": "archive", "filter": {}})).await.body["operationId"].clone();
    wait_until("some are done", async || (app.count("records WHERE status = 'archived'").await > 0).then_some(()))
        .await;
    let cancel = format!("{}/cancel", path(&started));
    let answers = all_at_once((0..8).map(|_| admin.post(&cancel, json!({})))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(
        statuses.iter().all(|status| *status == 200) || statuses.iter().all(|status| *status == 409),
        "{statuses:?}"
    );
    let shown = wait_until("it has ended", async || {
        Some(admin.get(&path(&started)).await.body).filter(|shown| !shown["completedAt"].is_null())
    })
    .await;
    let (changed, cancelled) = (shown["changed"].as_i64().expect("a count"), shown["cancelled"].as_i64().expect("one"));
    assert_eq!(changed + cancelled, 1_000, "{shown}");
    assert_eq!(app.count("records WHERE status = 'archived'").await, changed);
    assert_eq!(app.count("operation_items WHERE result = 'changed'").await, changed);
    assert_eq!(app.count("operation_items WHERE result = 'cancelled'").await, cancelled);
    wait_until("the end is told", async || (app.events_of("OPERATION_COMPLETED").await.len() == 1).then_some(())).await;
    let told = app.events_of("OPERATION_CANCELLED").await.len();
    assert_eq!(told, usize::from(statuses[0] == 200), "once, however often it was asked for");

    // What was done can be taken back.
    let reverted = admin.post(&revert_path(&json!({"id": started})), json!({})).await;
    assert_eq!((reverted.status, &reverted.body["matched"]), (202, &json!(changed)), "{reverted:?}");
    ended(&admin, &reverted.body["operationId"]).await;
    assert_eq!(app.count("records WHERE status = 'archived'").await, 0);
    let late = admin.post(&format!("{}/cancel", path(&reverted.body["operationId"])), json!({})).await;
    assert_eq!((late.status, &late.body["context"]["reason"]), (409, &json!("completed")), "{late:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_begun_ends_before_the_operation_does() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let ids = send(&admin, "shop", 2).await;
    let started = admin.post(BULK, json!({"action": "reprocess", "ids": ids})).await.body["operationId"].clone();
    let asked = wait_until("two requests", async || {
        Some(app.events_of("REPROCESS_REQUESTED").await).filter(|asked| asked.len() == 2)
    })
    .await;
    let cancelling = admin.post(&format!("{}/cancel", path(&started)), json!({})).await;
    assert_eq!(
        (cancelling.status, &cancelling.body["status"], &cancelling.body["completedAt"]),
        (200, &json!("cancelling"), &Value::Null),
        "{cancelling:?}"
    );
    let answer = |n: usize| {
        reprocessed(tenant, &asked[n].decode().expect("its shape"), common::event::ReprocessOutcome::Changed)
    };
    app.publish(&[answer(0)]).await;
    wait_until("one has ended", async || (admin.get(&path(&started)).await.body["changed"] == 1).then_some(())).await;

    // Nobody answers for the other one: it is given up, the operation ends, and a late answer still corrects it.
    app.owner_sql("UPDATE operation_items SET updated_at = now() - interval '61 minutes' WHERE result = 'requested'")
        .await;
    let shown = wait_until("it is given up", async || {
        Some(admin.get(&path(&started)).await.body).filter(|shown| shown["failed"] == 1)
    })
    .await;
    assert_eq!((&shown["status"], &shown["done"]), (&json!("cancelled"), &json!(2)), "{shown}");
    let failed = items(&admin, &json!({"id": started}), "&result=failed").await;
    assert_eq!(failed[0]["reason"], "no_answer", "{failed:?}");
    app.publish(&[answer(1), answer(0)]).await;
    let shown = wait_until("the late answer counts", async || {
        Some(admin.get(&path(&started)).await.body).filter(|shown| shown["failed"] == 0)
    })
    .await;
    assert_eq!((&shown["changed"], &shown["done"], &shown["status"]), (&json!(2), &json!(2), &json!("cancelled")));
    assert_eq!(app.events_of("OPERATION_COMPLETED").await.len(), 1);
    app.finish().await;
}
