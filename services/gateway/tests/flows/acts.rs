//! Acts on records through all services: deciding again, undoing it, and what must not be counted twice.

use serde_json::{Value, json};
use test_support::{Stack, wait_until};

use crate::api::{Api, count};

pub(crate) async fn ended(api: &Api, started: &Value) -> Value {
    let path = format!("/operations/{}", started["operationId"].as_str().expect("an id"));
    wait_until("the operation has ended", async || {
        let operation = api.get(&path).await.expect(200);
        (operation["status"] == "completed").then_some(operation)
    })
    .await
}

pub(crate) async fn questions(api: &Api) -> Vec<Value> {
    api.get("/approvals?status=pending").await.expect(200).as_array().cloned().expect("a list")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_decided_again_without_side_effects_and_the_way_back_is_open() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("again").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    let received = owner.deliver(&source, "d-1", "a late parcel").await.expect(202);
    let record = received["recordId"].as_str().expect("an id").to_owned();
    owner.wait_for_status(&record, &["pending_review"]).await;
    wait_until("a person is asked", async || (questions(&owner).await.len() == 1).then_some(())).await;
    let used = wait_until("the record is counted", async || {
        let usage = owner.get("/billing/status").await.expect(200)["usage"].clone();
        (usage["records"] == 1).then_some(usage)
    })
    .await;

    let rule = json!({"name": "parcels", "condition": "record.text.contains(\"parcel\")", "label": "complaint"});
    owner.post("/rules", rule).await.expect(201);
    let again = format!("/records/{record}/reprocess");
    let started = owner.post(&again, json!({})).await.expect(202);
    let operation = ended(&owner, &started).await;
    assert_eq!((&operation["matched"], &operation["changed"]), (&json!(1), &json!(1)), "{operation:#}");
    let decided = owner.wait_for_status(&record, &["classified"]).await;
    assert_eq!(decided["label"], "complaint");
    wait_until("nobody is asked any more", async || questions(&owner).await.is_empty().then_some(())).await;

    let path = format!("/operations/{}/revert", started["operationId"].as_str().expect("an id"));
    let reverted = owner.post(&path, json!({})).await.expect(202);
    assert_eq!(ended(&owner, &reverted).await["changed"], 1);
    owner.wait_for_status(&record, &["pending_review"]).await;
    let question = wait_until("a person is asked again", async || questions(&owner).await.into_iter().next()).await;

    let approve = format!("/approvals/{}/override", question["id"].as_str().expect("an id"));
    owner.post(&approve, json!({"label": "refund"})).await.expect(200);
    owner.wait_for_status(&record, &["overridden"]).await;
    let started = owner.post(&again, json!({})).await.expect(202);
    let operation = ended(&owner, &started).await;
    assert_eq!((&operation["changed"], &operation["skipped"]), (&json!(0), &json!(1)), "a person decided it");

    let history = owner.get(&format!("/records/{record}/history")).await.expect(200);
    let actions: Vec<&str> =
        history.as_array().expect("a list").iter().filter_map(|step| step["action"].as_str()).collect();
    assert_eq!(
        actions,
        ["decided", "decided", "reprocess_requested", "decided", "reprocess_requested", "decided", "received"],
        "{history:#}"
    );
    let feed = owner
        .wait_for_feed("three ends of operations", |feed| {
            feed.iter().filter(|event| event["type"] == "OPERATION_COMPLETED").count() == 3
        })
        .await;
    assert_eq!((count(&feed, "INGESTED", &record), count(&feed, "REPROCESSED", &record)), (1, 2));
    let usage = owner.get("/billing/status").await.expect(200)["usage"].clone();
    assert_eq!(usage, used, "nothing is charged twice");
    let totals = owner.get("/reports/summary").await.expect(200)["totals"].clone();
    assert_eq!(totals["received"], 1, "{totals:#}");
    stack.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relabelling_is_a_persons_decision_that_can_be_taken_back() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("relabel").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    let received = owner.deliver(&source, "d-1", "a late parcel").await.expect(202);
    let record = received["recordId"].as_str().expect("an id").to_owned();
    owner.wait_for_status(&record, &["pending_review"]).await;
    wait_until("a person is asked", async || (questions(&owner).await.len() == 1).then_some(())).await;

    // Nobody is asked while the record is put away.
    owner.post(&format!("/records/{record}/archive"), json!({})).await.expect(200);
    wait_until("nobody is asked", async || questions(&owner).await.is_empty().then_some(())).await;
    owner.post(&format!("/records/{record}/restore"), json!({})).await.expect(200);
    wait_until("a person is asked again", async || (questions(&owner).await.len() == 1).then_some(())).await;

    let relabel = json!({"action": "relabel", "ids": [record], "label": "refund"});
    let started = owner.post("/records/bulk", relabel.clone()).await.expect(202);
    let operation = ended(&owner, &started).await;
    assert_eq!((&operation["changed"], &operation["label"]), (&json!(1), &json!("refund")), "{operation:#}");
    let decided = owner.wait_for_status(&record, &["overridden"]).await;
    assert_eq!((&decided["label"], &decided["stage"]), (&json!("refund"), &json!("human")));
    wait_until("the question is answered", async || questions(&owner).await.is_empty().then_some(())).await;

    let path = format!("/operations/{}/revert", started["operationId"].as_str().expect("an id"));
    let reverted = owner.post(&path, json!({})).await.expect(202);
    assert_eq!(ended(&owner, &reverted).await["changed"], 1);
    owner.wait_for_status(&record, &["pending_review"]).await;
    let question = wait_until("the question is put again", async || questions(&owner).await.into_iter().next()).await;

    // A relabelling that a person has decided over since is left alone.
    let started = owner.post("/records/bulk", relabel).await.expect(202);
    assert_eq!(ended(&owner, &started).await["changed"], 1);
    wait_until("it is answered", async || questions(&owner).await.is_empty().then_some(())).await;
    let late = owner.post(&format!("/approvals/{}/approve", question["id"].as_str().expect("an id")), json!({})).await;
    assert_eq!((late.status, late.code()), (409, "conflict"), "the question is answered");
    let feed = owner
        .wait_for_feed("both decisions", |feed| {
            feed.iter().filter(|event| event["type"] == "APPROVED" && event["sourceAgent"] == "processing").count() == 2
        })
        .await;
    assert_eq!(count(&feed, "INGESTED", &record), 1);
    let summary = owner.get("/reports/summary").await.expect(200);
    assert_eq!(summary["totals"]["received"], 1, "{summary:#}");
    stack.finish().await;
}
