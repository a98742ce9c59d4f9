//! Forms of any bytes: what is well-formed is stored byte for byte, and everything else is refused, never a 500.

use common::{Role, TenantId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use test_support::{Answer, Client, wait_until};

use crate::files::{form, part};
use crate::{start, start_api_only};

const FILES: &str = "/api/v1/files";
const IMPORT: &str = "/api/v1/records/import";
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=frontier");

/// So many values of a strategy, the same in every run.
fn some<S: Strategy>(count: usize, strategy: &S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

async fn send(client: &Client, path: &str, body: Vec<u8>) -> Answer {
    client.send_raw("POST", path, &[FORM], body).await
}

/// Bytes among which ends of lines, dashes and boundaries are frequent.
fn treacherous() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"--frontie".to_vec()),
        Just(b"\r\n--frontie".to_vec()),
        Just(b"--frontier".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"content-disposition: form-data; name=\"file\"".to_vec()),
        vec(any::<u8>(), 0..40),
        vec(any::<u8>(), 60_000..70_000),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_are_stored_byte_for_byte() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    // Only a whole boundary on a line of its own ends a part.
    let is_clean = |content: &Vec<u8>| {
        let framed = [b"\r\n".as_slice(), content].concat();
        !framed.windows(12).any(|window| window == b"\r\n--frontier")
    };
    let contents: Vec<_> = some(48, &treacherous()).into_iter().filter(is_clean).collect();
    assert!(contents.len() > 20, "{} of them can be sent", contents.len());
    for content in contents {
        let body = form(&[part("name=\"file\"; filename=\"x.bin\"", None, &content)]);
        let made = send(&owner, FILES, body).await;
        assert_eq!(made.status, 201, "{made:?} {:?}", String::from_utf8_lossy(&content[..content.len().min(200)]));
        let digest = hex::encode(Sha256::digest(&content));
        assert_eq!((&made.body["size"], &made.body["sha256"]), (&json!(content.len()), &json!(digest)));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_bytes_are_a_form_or_refused() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let whole = form(&[
        part("name=\"recordId\"", None, b"0190a000-0000-7000-8000-000000000000"),
        part("name=\"file\"; filename*=UTF-8''a%20b", Some("text/csv"), b"text\nx\n"),
    ]);
    let mutated = (0..whole.len(), any::<u8>(), 0..3_usize).prop_map(move |(at, byte, how)| {
        let mut body = whole.clone();
        match how {
            0 => body[at] = byte,
            1 => body.truncate(at),
            _ => body.insert(at, byte),
        }
        body
    });
    let bodies = prop_oneof![2 => treacherous(), 3 => mutated];
    for (n, body) in some(150, &bodies).into_iter().enumerate() {
        let path = if n % 2 == 0 { FILES } else { IMPORT };
        let answer = send(&owner, path, body.clone()).await;
        assert!(
            matches!(answer.status, 201 | 202 | 400 | 404 | 422),
            "{answer:?} {:?}",
            String::from_utf8_lossy(&body[..body.len().min(300)])
        );
    }
    // What was refused half-way is cleaned up, and what is kept is a file's or an import's.
    app.owner_sql("UPDATE blobs SET lease_until = now() - interval '1 second' WHERE state = 'uploading'").await;
    let waking = form(&[part("name=\"file\"; filename=\"b\"", None, b"wakes the clean-up")]);
    assert_eq!(send(&owner, FILES, waking).await.status, 201);
    wait_until("nothing is kept that nobody has", async || {
        let idle = "blobs b WHERE NOT EXISTS (SELECT FROM files f WHERE f.blob_id = b.id) \
                    AND NOT EXISTS (SELECT FROM imports i WHERE i.blob_id = b.id)";
        (app.count(idle).await == 0).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_boundaries_and_headers_are_refused() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let body = form(&[part("name=\"file\"; filename=\"a\"", None, b"x")]);
    for content_type in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"]
    {
        let answer = owner.send_raw("POST", FILES, &[("content-type", content_type)], body.clone()).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{content_type}");
    }
    for (path, parts, rule) in [
        (FILES, vec![part("name=\"other\"", None, b"x")], "unknown_field"),
        (FILES, vec![part("name=\"recordId\"", None, b"x")], "required"),
        (FILES, vec![part("name=\"recordId\"", None, &[b'x'; 600])], "max_length"),
        (FILES, vec![part("name=\"recordId\"", None, b"\xff")], "utf8"),
        (FILES, vec![part("name=\"recordId\"", None, b"7"), part("name=\"file\"", None, b"x")], "uuid"),
        (FILES, vec![part("name=\"recordId\"", None, b"7"), part("name=\"recordId\"", None, b"7")], "once"),
        (FILES, vec![part("name=\"file\"", None, b"x"), part("name=\"file\"", None, b"x")], "once"),
        (IMPORT, vec![part("name=\"recordId\"", None, b"x")], "unknown_field"),
        (IMPORT, vec![part("name=\"format\"", None, b"csv")], "required"),
        (IMPORT, vec![part("name=\"file\"; filename=\"a.csv\"", None, b"")], "min_items"),
        (IMPORT, vec![part("name=\"file\"; filename=\"a.bin\"", None, b"x")], "required"),
        (IMPORT, vec![part("name=\"format\"", None, b"xml"), part("name=\"file\"", None, b"x")], "enum"),
    ] {
        let answer = send(&owner, path, form(&parts)).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (422, Some("validation_failed")), "{answer:?}");
        assert_eq!(answer.body["context"]["fields"][0]["rule"], rule, "{answer:?}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_imported_once_for_a_key() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let key = [FORM, ("idempotency-key", "k")];
    let csv = form(&[part("name=\"file\"; filename=\"more.CSV\"", None, b"text\none\ntwo\n")]);
    let begun = owner.send_raw("POST", &format!("{IMPORT}?source=ledger"), &key, csv.clone()).await;
    assert_eq!((begun.status, &begun.body["format"], &begun.body["source"]), (202, &json!("csv"), &json!("ledger")));
    let again = owner.send_raw("POST", &format!("{IMPORT}?source=ledger"), &key, csv).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &begun.body));
    let lines = [part("name=\"format\"", None, b"ndjson"), part("name=\"file\"", None, b"{\"raw\":1}\n{\"raw\":2}")];
    assert_eq!(send(&owner, IMPORT, form(&lines)).await.status, 202);
    let typed = [part("name=\"file\"; filename=\"a\"", Some("application/x-ndjson"), b"{\"raw\":3}")];
    assert_eq!(send(&owner, IMPORT, form(&typed)).await.status, 202);
    wait_until("all are records", async || (app.count("records").await == 5).then_some(())).await;
    assert_eq!(app.count("records WHERE source = 'ledger'").await, 2);
    wait_until("all have ended", async || (app.count("imports WHERE status = 'completed'").await == 3).then_some(()))
        .await;
    app.finish().await;
}
