//! Imports and exports of records by streaming.

use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::{Answer, Client, wait_until};

use crate::{start, start_api_only};

const IMPORT: &str = "/api/v1/records/import";
const IMPORTS: &str = "/api/v1/records/imports";
const CSV: (&str, &str) = ("content-type", "text/csv");
const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

async fn ended(client: &Client, begun: &Answer) -> Value {
    assert_eq!(begun.status, 202, "{begun:?}");
    let path = format!("{IMPORTS}/{}", begun.body["id"].as_str().expect("an id"));
    wait_until("the import has ended", async || {
        let shown = client.get(&path).await;
        assert_eq!(shown.status, 200, "{shown:?}");
        (!shown.body["finishedAt"].is_null()).then_some(shown.body)
    })
    .await
}

fn counts(import: &Value) -> (&str, i64, i64, i64) {
    let count = |key: &str| import[key].as_i64().expect("a count");
    (import["status"].as_str().expect("a status"), count("accepted"), count("duplicates"), count("rejected"))
}

async fn rejected(client: &Client, import: &Value, query: &str) -> Answer {
    client.get(&format!("{IMPORTS}/{}/rejected{query}", import["id"].as_str().expect("an id"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_becomes_records_and_a_report() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let csv = "\u{feff}externalId,title,text,amount,occurredAt,attributes.shop\r\n\
        1,One,\"first\nline, \"\"quoted\"\"\",-1.10,2026-01-02T03:04:05Z,Köln\r\n\
        \r\n\
        1,One,again,,,\r\n\
        2,,,,,\r\n\
        3,Three,t,ten,,\r\n\
        4,too,few\r\n\
        5,Five,last,,,"
        .to_owned();
    let mut bytes = csv.into_bytes();
    bytes.extend_from_slice(b"\r\n6,bad,\xff\xfe,,,\r\n");
    let begun = owner.send_raw("POST", &format!("{IMPORT}?source=ledger"), &[CSV], bytes).await;
    assert_eq!((&begun.body["status"], &begun.body["format"]), (&json!("queued"), &json!("csv")));
    let import = ended(&owner, &begun).await;
    assert_eq!(counts(&import), ("completed", 2, 1, 4), "{import}");
    assert_eq!(import["processed"], import["size"]);
    let report = rejected(&owner, &import, "").await;
    let lines: Vec<Value> =
        report.body.as_str().expect("lines").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["line"].as_u64(), line["code"].as_str())).collect();
    let (invalid, failed) = (Some("invalid_request"), Some("validation_failed"));
    assert_eq!(told, [(Some(6), failed), (Some(7), failed), (Some(8), invalid), (Some(10), invalid)], "{lines:?}");
    let as_csv = rejected(&owner, &import, "?format=csv").await;
    assert!(as_csv.body.as_str().expect("text").starts_with("line,code,message\r\n6,validation_failed,"), "{as_csv:?}");
    let one = owner.get("/api/v1/records?externalId=1").await.body[0].clone();
    assert_eq!((&one["source"], &one["normalized"]["amount"]), (&json!("ledger"), &json!("-1.10")));
    assert_eq!(one["normalized"]["text"], "first\nline, \"quoted\"");
    assert_eq!(one["normalized"]["attributes"], json!({"shop": "Köln"}));
    let event = app.wait_for_event("IMPORT_COMPLETED").await;
    assert_eq!(event.actor.name.as_deref(), Some("owner@example.com"));
    wait_until("the content is gone", async || (app.count("blobs").await == 0).then_some(())).await;
    assert_eq!(owner.get(IMPORTS).await.body, json!([import]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_go_in_steps_and_long_ones_are_passed_over() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let mut lines: Vec<String> =
        (0..2_500).map(|n| format!("{{\"externalId\":\"e{}\",\"raw\":\"text {n}\"}}", n % 2_000)).collect();
    lines[1_200] = "{broken".into();
    lines[1_300] = format!("{{\"raw\":\"{}\"}}", "x".repeat(1_100_000));
    lines[1_400] = "{\"raw\":\"nul \\u0000\"}".into();
    let begun = owner.send_raw("POST", IMPORT, &[NDJSON], lines.join("\n").into_bytes()).await;
    let import = ended(&owner, &begun).await;
    // Of the 2,000 names three went with their lines; the 500 that came twice are duplicates.
    assert_eq!(counts(&import), ("completed", 1_997, 500, 3), "{import}");
    let report = rejected(&owner, &import, "").await;
    let codes: Vec<String> = report.body.as_str().expect("lines").lines().map(str::to_owned).collect();
    assert!(codes[0].contains("\"line\":1201") && codes[0].contains("invalid_request"), "{codes:?}");
    assert!(codes[1].contains("\"line\":1301") && codes[1].contains("payload_too_large"), "{codes:?}");
    assert!(codes[2].contains("\"line\":1401") && codes[2].contains("validation_failed"), "{codes:?}");

    // The same again, from a stored file.
    let part = format!(
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"more.jsonl\"\r\n\r\n{}\r\n--b--\r\n",
        lines[..100].join("\n")
    );
    let form = [("content-type", "multipart/form-data; boundary=b")];
    let file = owner.send_raw("POST", "/api/v1/files", &form, part.into_bytes()).await.body["id"].clone();
    let begun = owner.post(IMPORT, json!({"fileId": file})).await;
    assert_eq!(counts(&ended(&owner, &begun).await), ("completed", 0, 100, 0));
    assert_eq!(owner.get(&format!("/api/v1/files/{}", file.as_str().expect("an id"))).await.status, 200, "stays");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_imported_is_refused_or_fails() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    for (headers, body, status, code) in [
        (&[CSV][..], "", 422, "validation_failed"),
        (&[("content-type", "text/plain")], "text", 415, "unsupported_media_type"),
        (&[], "text", 415, "unsupported_media_type"),
        (&[("content-type", "application/json")], "{}", 422, "validation_failed"),
        (
            &[("content-type", "application/json")],
            "{\"fileId\":\"0190a000-0000-7000-8000-000000000000\"}",
            404,
            "not_found",
        ),
    ] {
        let answer = owner.send_raw("POST", IMPORT, headers, body.into()).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{body} {answer:?}");
    }
    let blank = owner.send_raw("POST", &format!("{IMPORT}?source="), &[CSV], b"text\nx".to_vec()).await;
    assert_eq!(blank.status, 422);
    for header in ["text,colour\nx,y", "title\nx", "text,text\nx,y"] {
        let begun = owner.send_raw("POST", IMPORT, &[CSV], header.into()).await;
        let import = ended(&owner, &begun).await;
        assert_eq!(counts(&import), ("failed", 0, 0, 0), "{header}");
        assert!(import["error"].as_str().is_some_and(|error| error.starts_with("The first line: ")), "{import}");
        let path = format!("{IMPORTS}/{}/cancel", import["id"].as_str().expect("an id"));
        assert_eq!(owner.post(&path, json!({})).await.status, 409);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_can_be_cancelled_and_begins_once_for_a_key() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let headers = [NDJSON, ("idempotency-key", "k")];
    let first = owner.send_raw("POST", IMPORT, &headers, b"{\"raw\":1}".to_vec()).await;
    let again = owner.send_raw("POST", IMPORT, &headers, b"{\"raw\":1}".to_vec()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    assert_eq!(again.body, first.body);
    let other = owner.send_raw("POST", IMPORT, &headers, b"{\"raw\":2}".to_vec()).await;
    assert_eq!((other.status, other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    let path = format!("{IMPORTS}/{}", first.body["id"].as_str().expect("an id"));
    let stranger = app.caller(TenantId::generate(), Role::Owner);
    assert_eq!(stranger.get(&path).await.status, 404);
    assert_eq!(stranger.get(&format!("{path}/rejected")).await.status, 404);
    assert_eq!(stranger.post(&format!("{path}/cancel"), json!({})).await.status, 404);
    assert_eq!(stranger.get(IMPORTS).await.body, json!([]));
    for _ in 0..2 {
        let cancelled = owner.post(&format!("{path}/cancel"), json!({})).await;
        assert_eq!((cancelled.status, &cancelled.body["status"]), (200, &json!("cancelled")), "{cancelled:?}");
    }
    assert_eq!(app.count("imports").await, 1);
    assert_eq!(app.count("blobs WHERE state = 'stored'").await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_go_out_as_they_came_in() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let lines: Vec<String> = (0..1_203).map(|n| format!("{{\"externalId\":\"e{n}\",\"raw\":\"text {n}\"}}")).collect();
    let begun = owner.send_raw("POST", IMPORT, &[NDJSON], lines.join("\n").into_bytes()).await;
    ended(&owner, &begun).await;
    let risky = json!({"normalized": {"text": "=1+1", "title": "a, \"b\"", "amount": "-5"}, "source": "crm"});
    assert_eq!(owner.post("/api/v1/records", risky).await.status, 202);
    let all = owner.get("/api/v1/records/export").await;
    assert_eq!((all.status, all.header("content-type")), (200, Some("application/x-ndjson")));
    assert_eq!(all.header("content-disposition"), Some("attachment; filename=\"records.ndjson\""));
    let mut ids: Vec<String> = all
        .body
        .as_str()
        .expect("lines")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_204, "each once");
    // What narrows a list is told a moment after the record is stored.
    let text = wait_until("the source is known to the lists", async || {
        let one = owner.get("/api/v1/records/export?format=csv&source=crm").await;
        one.body.as_str().filter(|text| text.lines().count() > 1).map(str::to_owned)
    })
    .await;
    assert!(text.starts_with("id,externalId,source,"), "{text}");
    assert!(text.contains(",\"a, \"\"b\"\"\",'=1+1,-5,"), "{text}");
    assert_eq!(text.lines().count(), 2);
    let stranger = app.caller(TenantId::generate(), Role::Owner);
    assert_eq!(stranger.get("/api/v1/records/export").await.body, Value::Null);
    for bad in ["format=xml", "limit=5", "colour=red", "minConfidence=7"] {
        assert_eq!(owner.get(&format!("/api/v1/records/export?{bad}")).await.status, 400, "{bad}");
    }
    app.finish().await;
}
