//! Archiving, restoring, and the history of a record.

use common::event::{ApprovalOutcome, RecordRestored};
use common::record::RecordStatus;
use common::{Clock as _, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::TestApp;

use crate::sender::connect;
use crate::verdicts::{Teller, show, tell};
use crate::{start, start_api_only};

fn path(record: RecordId, verb: &str) -> String {
    format!("/api/v1/records/{record}/{verb}")
}

async fn history(app: &TestApp, tenant: TenantId, record: RecordId) -> Vec<Value> {
    let answer = app.caller(tenant, Role::Analyst).get(&path(record, "history")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().cloned().expect("a list")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_record_keeps_later_verdicts_for_its_return() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let admin = app.caller(tenant, Role::Admin);
    tell(&app, &[teller.classified(1, "ham")]).await;
    let archived = admin.post(&path(teller.record, "archive"), json!({})).await;
    assert_eq!(
        (archived.status, &archived.body["status"], &archived.body["version"]),
        (200, &json!("archived"), &json!(3)),
        "{archived:?}"
    );
    let again = admin.post(&path(teller.record, "archive"), json!({})).await;
    assert_eq!((again.status, &again.body["version"]), (200, &json!(3)), "it is so already");
    let listed = admin.get("/api/v1/records?status=archived").await;
    assert_eq!(listed.body[0]["id"], json!(teller.record), "lists follow at once");

    tell(&app, &[teller.approved(ApprovalOutcome::Override, "spam", SystemClock.now())]).await;
    let record = show(&app, tenant, teller.record).await;
    assert_eq!((&record["status"], &record["label"]), (&json!("archived"), &json!("spam")));
    let restored = admin.post(&path(teller.record, "restore"), json!({})).await;
    assert_eq!(
        (restored.status, &restored.body["status"], &restored.body["label"], &restored.body["version"]),
        (200, &json!("overridden"), &json!("spam"), &json!(5))
    );
    let again = admin.post(&path(teller.record, "restore"), json!({})).await;
    assert_eq!((again.status, &again.body["version"]), (200, &json!(5)));

    let told = app.wait_for_event("RECORD_RESTORED").await;
    let data: RecordRestored = told.decode().expect("its shape");
    assert_eq!((data.record_id, data.status), (teller.record, RecordStatus::Overridden));
    assert_eq!(app.events_of("RECORD_ARCHIVED").await.len(), 1, "once, although asked twice");

    let steps = history(&app, tenant, teller.record).await;
    let seen: Vec<(&str, &str, i64)> = steps
        .iter()
        .map(|step| {
            let text = |key: &str| step[key].as_str().expect("a text");
            (text("action"), text("status"), step["version"].as_i64().expect("a number"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("restored", "overridden", 5),
            ("decided", "archived", 4),
            ("archived", "archived", 3),
            ("decided", "classified", 2),
            ("received", "ingested", 1)
        ]
    );
    assert_eq!(steps[0]["actor"]["type"], "user");
    assert_eq!(steps[1]["actor"]["name"], "ann", "the person who decided");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_paged_and_repetition_leaves_no_trace() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let events = [teller.classified(1, "a"), teller.classified(2, "b"), teller.classified(3, "c")];
    for event in &events {
        tell(&app, std::slice::from_ref(event)).await;
    }
    tell(&app, &events).await;
    let reader = app.caller(tenant, Role::Analyst);
    let (mut labels, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("{}?limit=1{cursor}", path(teller.record, "history"))).await;
        assert_eq!(page.status, 200, "{page:?}");
        labels.extend(page.body.as_array().expect("a list").iter().map(|step| step["label"].clone()));
        match page.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(json!(labels), json!(["c", "b", "a", null]), "at last that it came");
    for bad in ["limit=0", "cursor=x", "x=1"] {
        let answer = reader.get(&format!("{}?{bad}", path(teller.record, "history"))).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{bad}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_says_why_and_changes_nothing() {
    let app = start_api_only().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let admin = app.caller(tenant, Role::Admin);
    let stranger = app.caller(TenantId::generate(), Role::Admin);
    for verb in ["archive", "restore", "reprocess", "expunge-raw"] {
        let answer = stranger.post(&path(teller.record, verb), json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{verb}");
        let answer = admin.post(&path(RecordId::generate(), verb), json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{verb}");
        let answer = admin.post(&path(teller.record, verb), json!({"why": 1})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (422, Some("validation_failed")), "{verb}");
    }
    let answer = stranger.get(&path(teller.record, "history")).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")));
    for verb in ["archive", "restore", "expunge-raw"] {
        let stale = admin.send("POST", &path(teller.record, verb), &[("if-match", "\"9\"")], None).await;
        assert_eq!((stale.status, stale.body["code"].as_str()), (412, Some("version_conflict")), "{verb}");
    }
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    assert_eq!(admin.patch(&own, json!({"status": "paused"})).await.status, 200);
    let held = source.send("d-1", &json!({"text": "held"})).await.body["recordId"].clone();
    let held: RecordId = held.as_str().expect("an id").parse().expect("a UUID");
    let answer = admin.post(&path(held, "archive"), json!({})).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (409, Some("conflict")), "{answer:?}");
    assert_eq!(answer.body["context"]["reason"], "held");
    assert_eq!(app.count("record_history").await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_archives_once() {
    let app = start_api_only().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let admin = app.caller(tenant, Role::Admin);
    let key = [("idempotency-key", "k-1")];
    let first = admin.send("POST", &path(teller.record, "archive"), &key, Some(json!({}))).await;
    assert_eq!(admin.post(&path(teller.record, "restore"), json!({})).await.status, 200);
    let again = admin.send("POST", &path(teller.record, "archive"), &key, Some(json!({}))).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.body, first.body);
    assert_eq!(app.count("records WHERE status = 'archived'").await, 0, "the repetition did nothing");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_form_is_taken_away_from_every_receipt_and_the_rest_stays() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let body = json!({"id": "m-1", "text": "a secret word"});
    let first = source.send("d-1", &body).await.body;
    let repeated = source.send("d-1", &body).await;
    assert_eq!(repeated.status, 200, "{repeated:?}");
    let other = source.send("d-2", &json!({"id": "m-2", "text": "another"})).await.body;
    let record: RecordId = first["recordId"].as_str().expect("an id").parse().expect("a UUID");
    assert_eq!(show(&app, tenant, record).await["raw"]["text"], "a secret word");

    let key = [("idempotency-key", "k-1")];
    let expunged = admin.send("POST", &path(record, "expunge-raw"), &key, Some(json!({}))).await;
    assert_eq!((expunged.status, &expunged.body["version"]), (200, &json!(2)), "{expunged:?}");
    let again = admin.send("POST", &path(record, "expunge-raw"), &key, Some(json!({}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &expunged.body));
    let again = admin.post(&path(record, "expunge-raw"), json!({})).await;
    assert_eq!((again.status, &again.body["version"]), (200, &json!(2)), "it is so already");

    let shown = show(&app, tenant, record).await;
    assert_eq!((&shown["raw"], &shown["normalized"]["text"]), (&Value::Null, &json!("a secret word")));
    assert!(shown["rawExpungedAt"].is_string(), "{shown}");
    assert_eq!(app.count("deliveries WHERE body = '' AND headers::text = '{}'").await, 2, "the repeated one, too");
    let untouched: RecordId = other["recordId"].as_str().expect("an id").parse().expect("a UUID");
    assert_eq!(show(&app, tenant, untouched).await["raw"]["text"], "another");
    assert_eq!(source.send("d-1", &body).await.status, 200, "it is still recognised");
    assert_eq!(app.count("deliveries WHERE body = ''").await, 3, "and not kept again");
    assert_eq!(history(&app, tenant, record).await[0]["action"], "raw_expunged");
    app.wait_for_event("RECORD_RAW_EXPUNGED").await;

    let sent = app.caller(tenant, Role::Agent).post("/api/v1/records", json!({"raw": "by hand"})).await;
    let sent: RecordId = sent.body["id"].as_str().expect("an id").parse().expect("a UUID");
    assert_eq!(admin.post(&path(sent, "expunge-raw"), json!({})).await.status, 200);
    assert_eq!(show(&app, tenant, sent).await["raw"], Value::Null);
    assert_eq!(app.count("records WHERE raw IS NOT NULL").await, 0);
    app.finish().await;
}
