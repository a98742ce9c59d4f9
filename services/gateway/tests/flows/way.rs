//! One record's whole way, from the signed webhook to the feed, and a person's lesson to the machine.

use serde_json::{Value, json};
use test_support::{Stack, wait_until};

use crate::api::{Api, assert_feed_is_exact, count};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_received_decided_reviewed_and_told() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;

    // A rule decides, under the trace of the webhook.
    let answer = owner.deliver(&source, "d-1", "please refund my order").await;
    let trace = answer.trace_id.clone();
    let received = answer.expect(202);
    assert_eq!(received["duplicate"], false);
    let refund = received["recordId"].as_str().expect("an id").to_owned();
    let record = owner.wait_for_status(&refund, &["classified"]).await;
    assert_eq!((&record["label"], &record["stage"]), (&json!("refund"), &json!("rule")));
    assert_eq!(record["reasoning"]["rule"]["version"], 1);
    let events = owner
        .wait_for_feed("both events of the record", |events| {
            count(events, "INGESTED", &refund) == 1 && count(events, "CLASSIFIED", &refund) == 1
        })
        .await;
    let traces: Vec<&Value> = events
        .iter()
        .filter(|event| event["subject"]["id"] == refund.as_str())
        .map(|event| &event["traceId"])
        .collect();
    assert_eq!(traces, [&json!(trace), &json!(trace)], "one trace from the webhook to the feed");

    // The receipt explains itself.
    let outcomes = owner.get(&format!("/processing/outcomes/{refund}")).await.expect(200);
    assert_eq!(outcomes.as_array().map(Vec::len), Some(1), "{outcomes:#}");
    assert_eq!(outcomes[0]["current"], true);

    // No rule knows this one, so a person is asked; the override makes the rule.
    let received = owner.deliver(&source, "d-2", "your courier was rude to me").await.expect(202);
    let rude = received["recordId"].as_str().expect("an id").to_owned();
    owner.wait_for_status(&rude, &["pending_review"]).await;
    let approval = wait_until("the approval is open", async || {
        let list = owner.get("/approvals?status=pending").await.expect(200);
        list.as_array()?.iter().find(|approval| approval.to_string().contains(&rude)).cloned()
    })
    .await;
    let path = format!("/approvals/{}/override", approval["id"].as_str().expect("an id"));
    let body = json!({
        "label": "complaint",
        "comment": "rude is a complaint",
        "rule": {"name": "rude", "condition": "record.text.contains(\"rude\")"},
    });
    let overridden = owner.post(&path, body.clone()).await.expect(200);
    let rule_id = overridden["ruleId"].as_str().expect("the rule's id").to_owned();
    let again = owner.post(&path, body).await;
    assert_eq!((again.status, again.code()), (409, "already_decided"));
    let record = owner.wait_for_status(&rude, &["overridden"]).await;
    assert_eq!((&record["label"], &record["stage"]), (&json!("complaint"), &json!("human")));
    wait_until("the rule exists", async || (owner.get(&format!("/rules/{rule_id}")).await.status == 200).then_some(()))
        .await;
    let received = owner.deliver(&source, "d-3", "so rude again").await.expect(202);
    let similar = received["recordId"].as_str().expect("an id");
    let record = owner.wait_for_status(similar, &["classified"]).await;
    assert_eq!(record["reasoning"]["rule"]["id"], rule_id.as_str(), "the next similar record is decided by the rule");

    // Reports and billing have counted, and the feed is exact.
    let summary = owner.get("/reports/summary").await.expect(200);
    assert!(summary["totals"].is_object(), "{summary:#}");
    wait_until("billing has counted three records", async || {
        let status = owner.get("/billing/status").await.expect(200);
        status.to_string().contains("\"records\"").then_some(())?;
        (status["plan"] == "free" || status["plan"]["id"] == "free").then_some(())
    })
    .await;
    let events = owner.wait_for_feed("the override", |events| count(events, "APPROVED", &rude) == 1).await;
    assert_feed_is_exact(&events);
    let approved = events.iter().find(|event| event["type"] == "APPROVED").expect("present");
    assert_eq!(approved["data"]["outcome"], "override");
    assert_eq!(approved["actor"]["type"], "user", "the event says who did it");
    stack.finish().await;
}
