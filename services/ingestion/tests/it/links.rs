//! Files that deliveries give as links: followed by the guarded client, once, and seen when they cannot be.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use common::event::AttachmentFailed;
use common::{Role, TenantId};
use outbound::OutboundSettings;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use test_support::{Client, TestApp, wait_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::quotas::tell_file_bytes;
use crate::sender::Sender;
use crate::{start, start_with};

/// A path, and what lets its answer go.
type Held = (String, Arc<Notify>);

/// What a server answers to a path, one after the other; the last one again and again.
#[derive(Clone)]
struct FileServer {
    base: String,
    answers: Arc<Mutex<HashMap<String, VecDeque<Vec<u8>>>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Answers to this path wait until they are let go.
    held: Arc<Mutex<Option<Held>>>,
}

impl FileServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let server = Self { base, answers: Arc::default(), asked: Arc::default(), held: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move {
                    let (mut request, mut part) = (Vec::new(), [0; 4_096]);
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut part).await {
                            Ok(0) | Err(_) => return,
                            Ok(count) => request.extend_from_slice(&part[..count]),
                        }
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    server.asked.lock().expect("it").push(request);
                    let path = target.split('?').next().unwrap_or_default().to_owned();
                    let held = server.held.lock().expect("it").take_if(|(held, _)| *held == path);
                    if let Some((_, notify)) = held {
                        notify.notified().await;
                    }
                    let answer = {
                        let mut answers = server.answers.lock().expect("it");
                        let list = answers.entry(path).or_default();
                        if list.len() > 1 { list.pop_front() } else { list.front().cloned() }
                    };
                    let answer = answer.unwrap_or_else(|| reply(404, "", b"none"));
                    drop(stream.write_all(&answer).await);
                    drop(stream.shutdown().await);
                });
            }
        });
        server
    }

    fn answer(&self, path: &str, answers: impl IntoIterator<Item = Vec<u8>>) {
        self.answers.lock().expect("it").insert(path.to_owned(), answers.into_iter().collect());
    }

    fn hits(&self, path: &str) -> usize {
        let asked = self.asked.lock().expect("it");
        asked.iter().filter(|request| request.starts_with(&format!("GET {path}"))).count()
    }

    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

async fn start_following() -> TestApp {
    start_with(|settings| {
        settings.outbound = OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() };
        settings.files.link_max_bytes = 1_000;
    })
    .await
}

/// A source whose deliveries name files by address, or bring them.
async fn source(app: &TestApp, tenant: TenantId) -> (Sender, Client) {
    let admin = app.caller(tenant, Role::Admin);
    let mapping = json!({
        "externalId": "$.id", "text": "$.text",
        "attachments": {"each": "$.files", "content": "$.data", "url": "$.href", "name": "$.name"},
    });
    let body = json!({"provider": "generic", "name": "mail", "mapping": mapping});
    let made = admin.post("/api/v1/integrations", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    (Sender::of(app, &made.body), admin)
}

async fn deliver(source: &Sender, id: &str, files: Value) -> String {
    let sent = source.send(id, &json!({"id": id, "text": "see the files", "files": files})).await;
    assert_eq!(sent.status, 202, "{sent:?}");
    sent.body["recordId"].as_str().expect("an id").to_owned()
}

async fn list(client: &Client, record: &str, what: &str) -> Vec<Value> {
    let answer = client.get(&format!("/api/v1/records/{record}/{what}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().cloned().expect("a list")
}

async fn attached(client: &Client, record: &str, count: usize) -> Vec<Value> {
    wait_until(&format!("{count} files are attached"), async || {
        Some(list(client, record, "attachments").await).filter(|files| files.len() == count)
    })
    .await
}

/// The one file that is not stored, once it is so for that reason.
async fn pending(client: &Client, record: &str, state: &str, reason: &str) -> Value {
    wait_until(&format!("a file is {state} by {reason}"), async || {
        let pending = list(client, record, "pending-attachments").await;
        pending.into_iter().find(|one| one["state"] == state && one["reason"] == reason)
    })
    .await
}

/// Has everything tried again that waits, as time would.
async fn let_time_pass(app: &TestApp) {
    app.owner_sql("UPDATE pending_attachments SET due_at = now() WHERE state = 'waiting' AND lease_id IS NULL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_followed_once_and_become_attachments() {
    let app = start_following().await;
    let (tenant, server) = (TenantId::generate(), FileServer::start().await);
    let (source, admin) = source(&app, tenant).await;
    let moved = format!("location: {}\r\n", server.link("/real/report.pdf"));
    server.answer("/report.pdf", [reply(302, &moved, b"")]);
    server.answer("/real/report.pdf", [reply(200, "content-type: application/pdf\r\n", b"%PDF-1.4 report")]);
    let files = json!([{"href": server.link("/report.pdf?key=secret")}, {"data": "aGVsbG8=", "name": "a.txt"}]);
    let record = deliver(&source, "d-1", files).await;
    let files = attached(&admin, &record, 2).await;
    let report = files.iter().find(|file| file["name"] == "report.pdf").expect("named as in its address");
    assert_eq!(report["contentType"], "application/pdf");
    assert_eq!(report["sha256"], hex::encode(Sha256::digest(b"%PDF-1.4 report")));
    assert_eq!(list(&admin, &record, "pending-attachments").await, Vec::<Value>::new());
    app.publish(&app.events_of("INGESTED").await).await;
    let other = deliver(&source, "d-2", json!([])).await;
    attached(&admin, &other, 0).await;
    wait_until("the news is heard again", async || (app.count("record_facets").await == 2).then_some(())).await;
    assert_eq!((server.hits("/report.pdf"), attached(&admin, &record, 2).await), (1, files));
    let asked = server.asked.lock().expect("it").join("");
    assert!(!asked.to_ascii_lowercase().contains("authorization"), "{asked}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_a_bad_day_is_tried_again_and_seen() {
    let app = start_following().await;
    let (tenant, server) = (TenantId::generate(), FileServer::start().await);
    let (source, admin) = source(&app, tenant).await;
    let busy = reply(503, "retry-after: 7200\r\n", b"");
    server.answer("/a.txt", [busy, reply(200, "", b"at last")]);
    let record = deliver(&source, "d-1", json!([{"href": server.link("/a.txt?key=secret"), "name": "a.txt"}])).await;
    let waiting = pending(&admin, &record, "waiting", "link_answered").await;
    assert_eq!((&waiting["attempts"], &waiting["name"]), (&json!(1), &json!("a.txt")), "{waiting}");
    assert_eq!(waiting["url"], server.link("/a.txt"), "without what may be a key");
    assert!(waiting["error"].as_str().is_some_and(|said| said.contains("503")), "{waiting}");
    let asked_for = "pending_attachments WHERE due_at > now() + interval '119 minutes'";
    assert_eq!(app.count(asked_for).await, 1, "not before it wants to be asked");
    let_time_pass(&app).await;
    let files = attached(&admin, &record, 1).await;
    assert_eq!((&files[0]["name"], &files[0]["size"]), (&json!("a.txt"), &json!(7)));
    assert_eq!(list(&admin, &record, "pending-attachments").await, Vec::<Value>::new());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_will_be_there_is_given_up_told_and_can_be_tried_again() {
    let app = start_following().await;
    let (tenant, server) = (TenantId::generate(), FileServer::start().await);
    let (source, admin) = source(&app, tenant).await;
    server.answer("/huge", [reply(200, "", &[7; 1_001])]);
    server.answer("/late", [reply(404, "", b"")]);
    let inside = format!("location: {}\r\n", server.base.replace("127.0.0.1", "127.0.0.2"));
    server.answer("/inside", [reply(302, &inside, b"")]);
    for (path, reason) in [("/late", "link_answered"), ("/huge", "too_large"), ("/inside", "link_refused")] {
        let record = deliver(&source, path, json!([{"href": server.link(path), "name": "f"}])).await;
        let failed = pending(&admin, &record, "failed", reason).await;
        assert_eq!((&failed["attempts"], &failed["nextAttemptAt"]), (&json!(1), &Value::Null), "{failed}");
        let told = wait_until("it is told", async || {
            let told = app.events_of("ATTACHMENT_FAILED").await;
            told.into_iter().find(|event| event.subject.id == record)
        })
        .await;
        assert_eq!(told.decode::<AttachmentFailed>().expect("its shape").reason, reason);
        assert_eq!(list(&admin, &record, "attachments").await, Vec::<Value>::new());
    }
    assert_eq!(app.count("blobs WHERE state <> 'deleting'").await, 0, "nothing of it is kept");

    let record = admin.get("/api/v1/records?externalId=/late").await.body[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/records/{record}/pending-attachments");
    let stranger = app.caller(TenantId::generate(), Role::Admin);
    for answer in [stranger.get(&path).await, stranger.post(&format!("{path}/retry"), json!({})).await] {
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    let bad = admin.post(&format!("{path}/retry"), json!({"all": true})).await;
    assert_eq!((bad.status, bad.body["code"].as_str()), (422, Some("validation_failed")), "{bad:?}");
    server.answer("/late", [reply(200, "", b"there now")]);
    let key = [("idempotency-key", "k-1")];
    let retried = admin.send("POST", &format!("{path}/retry"), &key, Some(json!({}))).await;
    assert_eq!((retried.status, &retried.body), (202, &json!({"retried": 1})), "{retried:?}");
    attached(&admin, &record, 1).await;
    let again = admin.send("POST", &format!("{path}/retry"), &key, Some(json!({}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &json!({"retried": 1})));
    assert_eq!(admin.post(&format!("{path}/retry"), json!({})).await.body, json!({"retried": 0}));
    assert_eq!(app.events_of("ATTACHMENTS_RETRIED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_into_the_house_are_refused_by_default_and_followed_only_where_a_mapping_says() {
    let app = start().await;
    let (tenant, server) = (TenantId::generate(), FileServer::start().await);
    let (source, admin) = source(&app, tenant).await;
    server.answer("/a", [reply(200, "", b"secret of the house")]);
    for href in [server.link("/a"), "http://169.254.169.254/latest/meta-data".into(), "https://[::1]/a".into()] {
        let record = deliver(&source, &href, json!([{"href": href, "name": "f"}])).await;
        pending(&admin, &record, "failed", "link_refused").await;
    }
    let mapping = json!({"text": "$.text", "attachments": {"each": "$.files", "content": "$.data"}});
    let body = json!({"provider": "generic", "name": "plain", "mapping": mapping});
    let plain = Sender::of(&app, &admin.post("/api/v1/integrations", body).await.body);
    let record = deliver(&plain, "d-1", json!([{"href": server.link("/a")}, {"data": "aGVsbG8="}])).await;
    attached(&admin, &record, 1).await;
    assert_eq!(list(&admin, &record, "pending-attachments").await, Vec::<Value>::new());
    assert_eq!(server.hits("/"), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_the_lease_stores_nothing_twice() {
    let app = start_following().await;
    let (tenant, server) = (TenantId::generate(), FileServer::start().await);
    let (source, admin) = source(&app, tenant).await;
    server.answer("/slow", [reply(200, "", b"slow")]);
    let hang = Arc::new(Notify::new());
    *server.held.lock().expect("it") = Some(("/slow".into(), Arc::clone(&hang)));
    let record = deliver(&source, "d-1", json!([{"href": server.link("/slow"), "name": "slow"}])).await;
    wait_until("it is asked for", async || (server.hits("/slow") == 1).then_some(())).await;
    // As if the process were gone: the lease ends, and another worker stores the file.
    app.owner_sql("UPDATE pending_attachments SET due_at = now()").await;
    attached(&admin, &record, 1).await;
    hang.notify_one();
    wait_until("the first one's bytes are given up", async || {
        (app.count("blobs").await == 1 && app.count("blobs WHERE state = 'stored'").await == 1).then_some(())
    })
    .await;
    assert_eq!((server.hits("/slow"), app.events_of("FILE_STORED").await.len()), (2, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_without_room_wait_for_it() {
    let app = start_following().await;
    let (tenant, server) = (TenantId::generate(), FileServer::start().await);
    let (source, admin) = source(&app, tenant).await;
    server.answer("/a", [reply(200, "", b"0123456789")]);
    tell_file_bytes(&app, tenant, 1, 4).await;
    let files = json!([{"href": server.link("/a"), "name": "linked"}, {"data": "aGVsbG8=", "name": "inside"}]);
    let record = deliver(&source, "d-1", files).await;
    wait_until("both wait", async || {
        let waiting = list(&admin, &record, "pending-attachments").await;
        let both = waiting.iter().filter(|one| one["state"] == "waiting" && one["reason"] == "quota_exceeded").count();
        (both == 2).then_some(())
    })
    .await;
    let waiting = list(&admin, &record, "pending-attachments").await;
    assert!(waiting.iter().all(|one| one["attempts"] == 0), "no failure of anybody's: {waiting:?}");
    tell_file_bytes(&app, tenant, 2, 15).await;
    let_time_pass(&app).await;
    let mut names: Vec<Value> = attached(&admin, &record, 2).await.iter().map(|file| file["name"].clone()).collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["inside", "linked"]);
    app.finish().await;
}
