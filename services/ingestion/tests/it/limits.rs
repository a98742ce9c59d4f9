//! Codes that only bounds and absences make: bodies that are too long, by the served document; a store that is away.

use blobs::{BlobSettings, S3Settings};
use common::{Role, TenantId};
use ingestion::Ingestion;
use serde_json::{Value, json};
use test_support::s3::{ACCESS_KEY, BUCKET, S3};
use test_support::{Answer, Client, TestApp, wait_until};
use web::Service as _;

use crate::files::{FORM, form, part};
use crate::{start, start_with};

/// Calls that find something by their path before they read, or take long bodies.
const APART: [&str; 4] = ["receive_webhook", "create_file", "import_records", "create_record_batch"];

#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_takes_json_refuses_a_body_past_the_limit() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let document: Value = serde_json::to_value(Ingestion::openapi()).expect("JSON");
    let mut tried = 0;
    // Blanks are JSON's to skip: only their number is wrong.
    let long = [b"{}".as_slice(), &vec![b' '; 1 << 20]].concat();
    for (path, calls) in document["paths"].as_object().expect("paths") {
        for (verb, call) in
            calls.as_object().expect("calls").iter().filter(|(verb, _)| ["post", "patch"].contains(&verb.as_str()))
        {
            let name = call["operationId"].as_str().expect("a name");
            if APART.contains(&name) {
                continue;
            }
            let id = "0190a000-0000-7000-8000-000000000000";
            let path: String =
                path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/");
            let json = [("content-type", "application/json")];
            let answer = owner.send_raw(&verb.to_uppercase(), &path, &json, long.clone()).await;
            let told = (answer.status, answer.body["code"].as_str(), &answer.body["context"]["limit"]);
            assert_eq!(told, (413, Some("payload_too_large"), &json!(1 << 20)), "{name}: {answer:?}");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried} calls were tried");
    app.finish().await;
}

async fn start_on(s3: &S3) -> TestApp {
    let settings = S3Settings {
        bucket: BUCKET.into(),
        region: "eu-central-1".into(),
        endpoint: Some(s3.endpoint.clone()),
        access_key_id: ACCESS_KEY.into(),
        secret_access_key: String::from("secret").into(),
        virtual_hosted: false,
    };
    start_with(|all| all.files.store = BlobSettings { s3: Some(settings), ..BlobSettings::default() }).await
}

async fn upload(client: &Client, content: &[u8]) -> Answer {
    let body = form(&[part("name=\"file\"; filename=\"f.bin\"", None, content)]);
    client.send_raw("POST", "/api/v1/files", &[FORM], body).await
}

fn is_away(answer: &Answer) {
    let told = (answer.status, answer.body["code"].as_str(), answer.header("retry-after").is_some());
    assert_eq!(told, (503, Some("service_unavailable"), true), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_in_a_bucket_and_its_absence_is_told() {
    let s3 = S3::start().await;
    let app = start_on(&s3).await;
    let tenant = TenantId::generate();
    let owner = app.caller(tenant, Role::Owner);
    let content: Vec<u8> = (0..(6 << 20)).map(|n: usize| (n % 251) as u8).collect();
    let made = upload(&owner, &content).await;
    assert_eq!((made.status, &made.body["size"]), (201, &json!(content.len())), "{made:?}");
    let path = format!("/api/v1/files/{}", made.body["id"].as_str().expect("an id"));
    let range = [("range", "bytes=5242878-5242881")];
    let middle = owner.send_raw("GET", &format!("{path}/content"), &range, Vec::new()).await;
    assert_eq!(middle.status, 206, "{middle:?}");
    assert_eq!(s3.keys().len(), 1);
    assert!(s3.keys()[0].starts_with(&tenant.to_string()), "{:?}", s3.keys());

    s3.be_away(true);
    is_away(&upload(&owner, b"another").await);
    is_away(&owner.send_raw("GET", &format!("{path}/content"), &[], Vec::new()).await);
    let csv = [("content-type", "text/csv")];
    is_away(&owner.send_raw("POST", "/api/v1/records/import", &csv, b"text\none\n".to_vec()).await);
    assert_eq!(owner.get(&path).await.status, 200, "what is said of a file is no byte of it");
    assert_eq!(owner.get("/api/v1/records").await.status, 200, "and records need no files");
    s3.be_away(false);
    assert_eq!(upload(&owner, b"another").await.status, 201);
    assert!(matches!(owner.delete(&path).await.status, 200 | 204));
    wait_until("the bytes of the deleted file are gone", async || (s3.keys().len() == 1).then_some(())).await;
    assert_eq!(s3.refused(), 0);
    app.finish().await;
}
