//! Files: sent as forms, kept once, downloaded in ranges, cleaned up.

use common::{Role, TenantId};
use serde_json::json;
use test_support::{Answer, Client, TestApp, wait_until};

use crate::{all_at_once, start, start_api_only};

const PATH: &str = "/api/v1/files";
pub(crate) const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=frontier");

/// One part of a form.
pub(crate) fn part(disposition: &str, content_type: Option<&str>, content: &[u8]) -> Vec<u8> {
    let kind = content_type.map(|kind| format!("content-type: {kind}\r\n")).unwrap_or_default();
    let head = format!("--frontier\r\ncontent-disposition: form-data; {disposition}\r\n{kind}\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

pub(crate) fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat().as_slice(), b"--frontier--\r\n"].concat()
}

fn file(name: &str, content: &[u8]) -> Vec<u8> {
    part(&format!("name=\"file\"; filename=\"{name}\""), Some("text/plain"), content)
}

async fn send(client: &Client, body: Vec<u8>) -> Answer {
    client.send_raw("POST", PATH, &[FORM], body).await
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["id"].as_str().expect("an id").to_owned()
}

async fn download(client: &Client, id: &str, headers: &[(&str, &str)]) -> Answer {
    client.send_raw("GET", &format!("{PATH}/{id}/content"), headers, Vec::new()).await
}

async fn wait_for_blobs(app: &TestApp, count: i64) {
    wait_until(&format!("{count} blobs are left"), async || (app.count("blobs").await == count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_stored_shown_downloaded_and_deleted() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let record = owner.post("/api/v1/records", json!({"raw": "with a file"})).await.body["id"].clone();
    let record = record.as_str().expect("an id");
    let body = form(&[part("name=\"recordId\"", None, record.as_bytes()), file("../a\u{202e} Größe.txt", b"hello")]);
    let made = send(&owner, body).await;
    let id = id(&made);
    let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(made.body["name"], "a Größe.txt");
    assert_eq!((&made.body["contentType"], &made.body["size"]), (&json!("text/plain"), &json!(5)));
    assert_eq!(made.body["sha256"], sha256);
    assert_eq!(owner.get(&format!("{PATH}/{id}")).await.body, made.body);
    let attached = owner.get(&format!("/api/v1/records/{record}/attachments")).await;
    assert_eq!((attached.status, &attached.body), (200, &json!([made.body])));
    assert_eq!(owner.get(&format!("/api/v1/records/{record}")).await.body["attachments"], json!([made.body]));

    let whole = download(&owner, &id, &[]).await;
    assert_eq!((whole.status, &whole.body), (200, &json!("hello")));
    assert_eq!(whole.header("content-length"), Some("5"));
    assert_eq!(whole.header("x-verdict-envelope"), Some("none"));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(whole.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert_eq!(
        whole.header("content-disposition"),
        Some("attachment; filename=\"a_Gr__e.txt\"; filename*=UTF-8''a%20Gr%C3%B6%C3%9Fe.txt")
    );
    let etag = format!("\"{sha256}\"");
    assert_eq!(whole.header("etag"), Some(etag.as_str()));
    let modified = whole.header("last-modified").expect("a time").to_owned();
    for (headers, status, text) in [
        (&[("range", "bytes=1-2")][..], 206, "el"),
        (&[("range", "bytes=-2")], 206, "lo"),
        (&[("range", "bytes=1-2"), ("if-range", etag.as_str())], 206, "el"),
        (&[("range", "bytes=1-2"), ("if-range", modified.as_str())], 206, "el"),
        (&[("range", "bytes=1-2"), ("if-range", "\"other\"")], 200, "hello"),
        (&[("range", "bytes=0-0,2-2")], 200, "hello"),
    ] {
        let part = download(&owner, &id, headers).await;
        assert_eq!((part.status, part.body.as_str()), (status, Some(text)), "{headers:?}");
    }
    let part = download(&owner, &id, &[("range", "bytes=1-2")]).await;
    assert_eq!(part.header("content-range"), Some("bytes 1-2/5"));
    let beyond = download(&owner, &id, &[("range", "bytes=5-")]).await;
    assert_eq!((beyond.status, beyond.body["code"].as_str()), (416, Some("range_not_satisfiable")));
    assert_eq!(beyond.header("content-range"), Some("bytes */5"));
    assert_eq!(download(&owner, &id, &[("if-none-match", &etag)]).await.status, 304);

    assert_eq!(owner.delete(&format!("{PATH}/{id}")).await.body, made.body);
    assert_eq!(download(&owner, &id, &[]).await.status, 404);
    assert_eq!(owner.delete(&format!("{PATH}/{id}")).await.status, 404);
    wait_for_blobs(&app, 0).await;
    let stored = app.wait_for_event("FILE_STORED").await;
    assert_eq!(stored.subject.id, id);
    assert_eq!(app.wait_for_event("FILE_DELETED").await.actor.name.as_deref(), Some("owner@example.com"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_active_is_named_and_never_served_as_such() {
    let app = start_api_only().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let page = part("name=\"file\"; filename=\"cat.png\"", Some("image/png"), b"<!doctype html><script>1</script>");
    let made = send(&owner, form(&[page])).await;
    assert_eq!(made.body["contentType"], "text/html");
    let served = download(&owner, &id(&made), &[]).await;
    assert_eq!(served.header("content-type"), Some("application/octet-stream"));
    let empty = send(&owner, form(&[file("empty", b"")])).await;
    assert_eq!(empty.body["size"], 0);
    let served = download(&owner, &id(&empty), &[]).await;
    assert_eq!((served.status, served.header("content-length")), (200, Some("0")));
    assert_eq!(download(&owner, &id(&empty), &[("range", "bytes=0-")]).await.status, 416);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_is_kept_once_and_goes_with_its_last_file() {
    let app = start().await;
    let tenant = TenantId::generate();
    let owner = app.caller(tenant, Role::Owner);
    let content = vec![7_u8; 300_000];
    let made = all_at_once((0..8).map(|n| send(&owner, form(&[file(&format!("{n}.bin"), &content)])))).await;
    let ids: Vec<String> = made.iter().map(id).collect();
    assert_eq!(app.count("blobs WHERE state = 'stored'").await, 1);
    wait_for_blobs(&app, 1).await;
    let other = app.caller(TenantId::generate(), Role::Owner);
    let theirs = id(&send(&other, form(&[file("t", &content)])).await);
    assert_eq!(app.count("blobs WHERE state = 'stored'").await, 2, "tenants share nothing");

    // Deleting and sending again at once: whatever comes first, what is acknowledged is there.
    let paths: Vec<String> = ids.iter().map(|id| format!("{PATH}/{id}")).collect();
    let again = form(&[file("again", &content)]);
    let deletes = async { all_at_once(paths.iter().map(|path| owner.delete(path))).await };
    let sends = async { all_at_once((0..8).map(|_| send(&owner, again.clone()))).await };
    let (deleted, sent) = tokio::join!(deletes, sends);
    assert!(deleted.iter().all(|answer| answer.status == 200), "{deleted:?}");
    wait_for_blobs(&app, 2).await;
    for answer in &sent {
        let whole = download(&owner, &id(answer), &[]).await;
        assert_eq!((whole.status, whole.header("content-length")), (200, Some("300000")));
        assert_eq!(download(&other, &id(answer), &[]).await.status, 404);
        assert_eq!(owner.delete(&format!("{PATH}/{}", id(answer))).await.status, 200);
    }
    wait_for_blobs(&app, 1).await;
    assert_eq!(download(&other, &theirs, &[]).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused_and_leaves_nothing() {
    let app = start().await;
    let tenant = TenantId::generate();
    let owner = app.caller(tenant, Role::Owner);
    let stranger = TenantId::generate().to_string();
    let long = vec![1_u8; (8 << 20) + 1];
    let unfinished = file("a", b"half");
    for (what, body, status, code) in [
        ("no file", form(&[part("name=\"recordId\"", None, stranger.as_bytes())]), 422, "validation_failed"),
        ("unknown field", form(&[file("a", b"x"), part("name=\"colour\"", None, b"red")]), 422, "validation_failed"),
        ("two files", form(&[file("a", b"x"), file("b", b"y")]), 422, "validation_failed"),
        ("no id", form(&[file("a", b"x"), part("name=\"recordId\"", None, b"seven")]), 422, "validation_failed"),
        (
            "unknown record",
            form(&[file("a", b"x"), part("name=\"recordId\"", None, stranger.as_bytes())]),
            404,
            "not_found",
        ),
        ("cut off", unfinished, 400, "invalid_request"),
        ("no form at all", b"hello".to_vec(), 400, "invalid_request"),
        ("too long", form(&[file("a", &long)]), 413, "payload_too_large"),
    ] {
        let answer = send(&owner, body).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{what}: {answer:?}");
    }
    let json = owner.post(PATH, json!({})).await;
    assert_eq!((json.status, json.body["code"].as_str()), (415, Some("unsupported_media_type")));
    assert_eq!(owner.get(&format!("{PATH}/x")).await.status, 400);
    assert_eq!(owner.get(&format!("/api/v1/records/{stranger}/attachments")).await.status, 404);
    assert_eq!(app.count("files").await, 0);
    // Uploads that ended in the form's middle wait for their lease; time passes.
    app.owner_sql("UPDATE blobs SET lease_until = now() - interval '1 second' WHERE state = 'uploading'").await;
    assert_eq!(send(&owner, form(&[file("b", b"wakes the clean-up")])).await.status, 201);
    wait_for_blobs(&app, 1).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stores_a_file_once() {
    let app = start().await;
    let owner = app.caller(TenantId::generate(), Role::Owner);
    let headers = [FORM, ("idempotency-key", "k")];
    let body = form(&[file("a.txt", b"once")]);
    let first = owner.send_raw("POST", PATH, &headers, body.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = owner.send_raw("POST", PATH, &headers, body).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.body, first.body);
    for other in [file("b.txt", b"once"), file("a.txt", b"twice")] {
        let other = owner.send_raw("POST", PATH, &headers, form(&[other])).await;
        assert_eq!((other.status, other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    }
    assert_eq!(app.count("files").await, 1);
    wait_for_blobs(&app, 1).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_files_are_not_there() {
    let app = start_api_only().await;
    let (me, them) = (app.caller(TenantId::generate(), Role::Owner), app.caller(TenantId::generate(), Role::Owner));
    let record = them.post("/api/v1/records", json!({"raw": "theirs"})).await.body["id"].clone();
    let record = record.as_str().expect("an id");
    let theirs = id(&send(&them, form(&[file("t", b"secret")])).await);
    for path in [
        format!("{PATH}/{theirs}"),
        format!("{PATH}/{theirs}/content"),
        format!("/api/v1/records/{record}/attachments"),
    ] {
        assert_eq!(me.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(me.delete(&format!("{PATH}/{theirs}")).await.status, 404);
    let onto = form(&[file("m", b"mine"), part("name=\"recordId\"", None, record.as_bytes())]);
    assert_eq!(send(&me, onto).await.status, 404);
    assert_eq!(download(&them, &theirs, &[]).await.body, json!("secret"));
    app.stop().await;
}
