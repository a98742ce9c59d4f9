//! A mapping that is put right after its source delivered, through all services.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Stack, wait_until};

use crate::acts::{ended, questions};
use crate::api::Api;

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_put_right_changes_what_was_decided_and_what_reviewers_read() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("remap").await;
    owner.prepare().await;
    let source = owner.connect_source("shop").await;
    let own = format!("/integrations/{}", source.id);
    let mut records = Vec::new();
    for (delivery, text) in [("refund-1", "a late parcel"), ("other-2", "another late parcel")] {
        let received = owner.deliver(&source, delivery, text).await.expect(202);
        let record = received["recordId"].as_str().expect("an id").to_owned();
        owner.wait_for_status(&record, &["pending_review"]).await;
        records.push(record);
    }
    wait_until("a person is asked about both", async || (questions(&owner).await.len() == 2).then_some(())).await;

    // The words are in the id after all.
    let change = json!({"mapping": {"externalId": "$.id", "text": "$.id"}});
    owner.send_json(Method::PATCH, &own, &change).await.expect(200);
    let apply = format!("{own}/mapping/apply");
    wait_until("both are counted", async || {
        let counted = owner.post(&apply, json!({"dryRun": true})).await.expect(200);
        (counted["matched"] == 2 && counted["wouldChange"] == 2).then_some(())
    })
    .await;
    let started = owner.post(&apply, json!({})).await.expect(202);
    assert_eq!(ended(&owner, &started).await["changed"], 2);
    let decided = owner.wait_for_status(&records[0], &["classified"]).await;
    assert_eq!((&decided["label"], &decided["normalized"]["text"]), (&json!("refund"), &json!("refund-1")));
    let question = wait_until("the other is asked about with its new words", async || {
        let asked = questions(&owner).await;
        let [question] = asked.as_slice() else { return None };
        let path = format!("/approvals/{}", question["id"].as_str().expect("an id"));
        let shown = owner.get(&path).await.expect(200);
        shown["record"].to_string().contains("other-2").then_some(shown)
    })
    .await;
    assert!(!question["record"].to_string().contains("another late parcel"), "{question:#}");

    let path = format!("/operations/{}/revert", started["operationId"].as_str().expect("an id"));
    let reverted = owner.post(&path, json!({})).await.expect(202);
    assert_eq!(ended(&owner, &reverted).await["changed"], 2);
    let back = owner.wait_for_status(&records[0], &["pending_review"]).await;
    assert_eq!((&back["normalized"]["text"], &back["label"]), (&json!("a late parcel"), &Value::Null));
    stack.finish().await;
}
