//! Files inside deliveries: found by the mapping, kept once, linked to the record.

use common::{Role, TenantId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use test_support::{Client, wait_until};

use crate::sender::Sender;
use crate::{start, start_api_only};

async fn attached(client: &Client, record: &Value, count: usize) -> Vec<Value> {
    let path = format!("/api/v1/records/{}/attachments", record.as_str().expect("an id"));
    wait_until(&format!("{count} files are attached"), async || {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body.as_array().cloned().filter(|files| files.len() == count)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_delivery_are_attached_to_its_record_once() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let mapping = json!({
        "externalId": "$.id", "text": "$.text",
        "attachments": {"each": "$.files", "content": "$.data", "name": "$.name", "contentType": "$.type"},
    });
    let made =
        admin.post("/api/v1/integrations", json!({"provider": "generic", "name": "mail", "mapping": mapping})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let source = Sender::of(&app, &made.body);
    let body = json!({"id": "m-1", "text": "see the files", "files": [
        {"data": "aGVsbG8=", "name": "../greeting.txt", "type": "text/plain"},
        {"data": "!!", "name": "broken.bin"},
        {"data": "data:application/pdf;base64,JVBERi0xLjQK"},
    ]});
    let record = source.send("d-1", &body).await.body["recordId"].clone();
    let files = attached(&admin, &record, 2).await;
    let named: Vec<_> = files.iter().map(|file| (file["name"].as_str(), file["contentType"].as_str())).collect();
    assert!(named.contains(&(Some("greeting.txt"), Some("text/plain"))), "{files:?}");
    assert!(named.contains(&(Some("attachment-3"), Some("application/pdf"))), "{files:?}");
    let greeting = files.iter().find(|file| file["name"] == "greeting.txt").expect("it is there");
    assert_eq!(greeting["sha256"], hex::encode(Sha256::digest(b"hello")));

    // The same news again, and the same delivery again, bring nothing new.
    app.publish(&app.events_of("INGESTED").await).await;
    assert_eq!(source.send("d-1", &body).await.status, 200);
    let other = source.send("d-2", &json!({"id": "m-2", "text": "no files"})).await.body["recordId"].clone();
    let third = source.send("d-3", &json!({"id": "m-3", "text": "x", "files": {"data": "aGVsbG8="}})).await;
    attached(&admin, &third.body["recordId"], 1).await;
    assert_eq!(attached(&admin, &record, 2).await, files);
    attached(&admin, &other, 0).await;
    assert_eq!(app.count("files").await, 3);
    assert_eq!(app.count("blobs WHERE state = 'stored'").await, 2, "the same bytes are kept once");
    let told = app.events_of("FILE_STORED").await;
    assert_eq!(told.len(), 3);
    assert_eq!(told[0].actor.id, "ingestion");
    let stranger = app.caller(TenantId::generate(), Role::Admin);
    let path = format!("/api/v1/records/{}/attachments", record.as_str().expect("an id"));
    assert_eq!(stranger.get(&path).await.status, 404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_of_files_is_checked() {
    let app = start_api_only().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    for (attachments, path) in [
        (json!("$.files"), "mapping.attachments"),
        (json!({"each": "$.files"}), "mapping.attachments.content"),
        (json!({"each": "files", "content": "$.x"}), "mapping.attachments.each"),
        (json!({"each": "$.files", "content": "$.x", "url": "$.y"}), "mapping.attachments.url"),
    ] {
        let body = json!({"provider": "generic", "name": "x", "mapping": {"text": "$.t", "attachments": attachments}});
        let refused = admin.post("/api/v1/integrations", body).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (422, Some("validation_failed")), "{refused:?}");
        assert_eq!(refused.body["context"]["fields"][0]["path"], path, "{refused:?}");
    }
    app.stop().await;
}
