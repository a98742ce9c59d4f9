//! Linking files to records and letting go of them.

use common::event::{FileLinked, FileUnlinked};
use common::{FileId, RecordId, Role, TenantId};
use serde_json::json;
use test_support::Client;

use crate::all_at_once;
use crate::files::{form, part};
use crate::{start, start_api_only};

async fn record(client: &Client) -> String {
    let sent = client.post("/api/v1/records", json!({"raw": "with a file"})).await;
    sent.body["id"].as_str().expect("an id").to_owned()
}

async fn file(client: &Client) -> String {
    let body = form(&[part("name=\"file\"; filename=\"a.txt\"", None, b"content")]);
    let form = [("content-type", "multipart/form-data; boundary=frontier")];
    let made = client.send_raw("POST", "/api/v1/files", &form, body).await;
    made.body["id"].as_str().expect("an id").to_owned()
}

fn path(record: &str) -> String {
    format!("/api/v1/records/{record}/attachments")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_linked_once_told_of_and_let_go() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let (one, other, file) = (record(&owner).await, record(&owner).await, file(&owner).await);
    let key = [("idempotency-key", "k")];
    let linked = owner.send("POST", &path(&one), &key, Some(json!({"fileId": file}))).await;
    assert_eq!((linked.status, &linked.body["id"]), (200, &json!(file)), "{linked:?}");
    let again = owner.send("POST", &path(&one), &key, Some(json!({"fileId": file}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &linked.body));
    assert_eq!(owner.post(&path(&one), json!({"fileId": file})).await.status, 200, "twice is once");
    let reused = owner.send("POST", &path(&one), &key, Some(json!({"fileId": FileId::generate()}))).await;
    assert_eq!((reused.status, reused.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    let elsewhere = owner.post(&path(&other), json!({"fileId": file})).await;
    assert_eq!((elsewhere.status, elsewhere.body["code"].as_str()), (409, Some("conflict")), "{elsewhere:?}");
    app.wait_for_event("FILE_LINKED").await;
    let told = app.events_of("FILE_LINKED").await;
    assert_eq!(told.len(), 1);
    let data: FileLinked = told[0].decode().expect("its shape");
    assert_eq!(
        (data.file_id.to_string(), data.record_id.to_string(), data.name.as_str()),
        (file.clone(), one.clone(), "a.txt")
    );
    assert_eq!(told[0].actor.name.as_deref(), Some("owner@example.com"));

    let own = format!("{}/{file}", path(&one));
    assert_eq!(owner.delete(&format!("{}/{file}", path(&other))).await.status, 404, "it is not that record's");
    assert_eq!(owner.delete(&own).await.status, 200);
    assert_eq!(owner.delete(&own).await.status, 404);
    let data: FileUnlinked = app.wait_for_event("FILE_UNLINKED").await.decode().expect("its shape");
    assert_eq!(data.record_id.to_string(), one);
    assert_eq!(owner.get(&path(&one)).await.body, json!([]));
    assert_eq!(owner.get(&format!("/api/v1/files/{file}")).await.status, 200, "the file stays");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_records_one_gets_a_free_file() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let file = file(&owner).await;
    let mut records = Vec::new();
    for _ in 0..6 {
        records.push(record(&owner).await);
    }
    let paths: Vec<String> = records.iter().map(|record| path(record)).collect();
    let answers = all_at_once(paths.iter().map(|path| owner.post(path, json!({"fileId": file})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert_eq!(app.count("outbox WHERE routing_key = 'FILE_LINKED'").await, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_linked() {
    let app = start_api_only().await;
    let (me, them) = (app.caller(TenantId::generate(), Role::Owner), app.caller(TenantId::generate(), Role::Owner));
    let (mine, my_file) = (record(&me).await, file(&me).await);
    let (theirs, their_file) = (record(&them).await, file(&them).await);
    for (record, file) in [
        (&mine, &their_file),
        (&theirs, &my_file),
        (&mine, &FileId::generate().to_string()),
        (&RecordId::generate().to_string(), &my_file),
    ] {
        let answer = me.post(&path(record), json!({"fileId": file})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
        let answer = me.delete(&format!("{}/{file}", path(record))).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    let odd = me.delete(&format!("{}/seven", path(&mine))).await;
    assert_eq!((odd.status, odd.body["code"].as_str()), (400, Some("invalid_request")));
    assert_eq!(app.count("outbox WHERE routing_key = 'FILE_LINKED'").await, 0);
    app.stop().await;
}
