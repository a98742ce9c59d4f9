//! Things that happen at once and must happen once.

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use test_support::{Stack, wait_until};

use crate::api::{Api, count};

#[tokio::test(flavor = "multi_thread")]
async fn ten_identical_webhooks_make_one_record_and_two_deciders_one_decision() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;

    let answers = try_join_all((0..10).map(|_| owner.try_deliver(&source, "same", "nobody knows this"))).await;
    let answers = answers.expect("ten answers");
    let records: Vec<&Value> = answers.iter().map(|answer| &answer.body["data"]["recordId"]).collect();
    assert!(records[0].is_string() && records.iter().all(|record| *record == records[0]), "{records:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 9);
    let record = records[0].as_str().expect("an id").to_owned();
    let listed = owner.get("/records").await.expect(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));

    owner.wait_for_status(&record, &["pending_review"]).await;
    let approval = wait_until("the approval is open", async || {
        owner.get("/approvals?status=pending").await.expect(200)[0]["id"].as_str().map(str::to_owned)
    })
    .await;
    let path = format!("/approvals/{approval}/override");
    let (one, two) =
        tokio::join!(owner.post(&path, json!({"label": "refund"})), owner.post(&path, json!({"label": "complaint"})),);
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {two:?}");
    let winner = if one.status == 200 { "refund" } else { "complaint" };
    let decided = owner.wait_for_status(&record, &["overridden"]).await;
    assert_eq!(decided["label"], winner);
    let events = owner.wait_for_feed("the decision", |events| count(events, "APPROVED", &record) > 0).await;
    assert_eq!(count(&events, "APPROVED", &record), 1);
    assert_eq!(count(&events, "INGESTED", &record), 1);
    stack.finish().await;
}
