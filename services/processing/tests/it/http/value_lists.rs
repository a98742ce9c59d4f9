//! `/value-lists`, and conditions that refer to them.

use common::ValueListId;
use common::record::NormalizedRecord;
use serde_json::{Value, json};
use test_support::{Answer, TestApp};

use crate::support::{Tenant, ingested, snapshot, start, text};

const PATH: &str = "/api/v1/value-lists";

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or_default())
}

async fn travel(tenant: &Tenant, values: &[&str]) -> Value {
    let made = tenant.admin.post(PATH, json!({"name": "travel", "values": values})).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body
}

/// A record of that counterparty, decided.
async fn decided(app: &TestApp, tenant: &Tenant, counterparty: &str) -> Value {
    let mut record = snapshot("a ticket");
    record.normalized = NormalizedRecord { counterparty: Some(counterparty.to_owned()), ..record.normalized };
    app.publish(&[ingested(tenant.id, &record)]).await;
    tenant.current(record.record_id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_go_by_the_newest_values() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["trip"]).await;
    let list = travel(&tenant, &["Rail", "Air", "Air"]).await;
    assert_eq!((&list["values"], &list["version"]), (&json!(["Air", "Rail"]), &json!(1)), "in order, each once");
    tenant.rule("Trips", "record.counterparty in lists.travel", "trip").await;
    assert_eq!(decided(&app, &tenant, "Rail").await["label"], "trip");
    assert_eq!(decided(&app, &tenant, "Ferry").await["label"], json!(null));

    let path = format!("{PATH}/{}", text(&list["id"]));
    let changed = tenant.admin.patch(&path, json!({"add": ["Ferry"], "remove": ["Rail"]})).await;
    assert_eq!((changed.status, &changed.body["values"]), (200, &json!(["Air", "Ferry"])), "{changed:?}");
    let ferry = decided(&app, &tenant, "Ferry").await;
    assert_eq!(ferry["label"], "trip");
    assert_eq!(decided(&app, &tenant, "Rail").await["label"], json!(null));
    let same = tenant.admin.patch(&path, json!({"values": ["Ferry", "Air"]})).await;
    assert_eq!((same.status, &same.body["version"]), (200, &json!(2)), "nothing is different");
    let set = ferry["reasoning"]["ruleSetVersion"].as_i64().expect("a version");
    let named =
        format!("rule_sets WHERE version = {set} AND lists->0->>'version' = '2' AND lists->0->>'name' = 'travel'");
    assert_eq!(app.count(&named).await, 1, "the rule set names the list's version");
    assert_eq!(app.count("value_list_versions").await, 2);

    let tried =
        json!({"condition": "record.counterparty in lists.travel", "record": {"text": "x", "counterparty": "Air"}});
    let tried = tenant.admin.post("/api/v1/rules/test", tried).await;
    assert_eq!((tried.status, &tried.body["matched"]), (200, &json!(true)), "{tried:?}");
    let preview = json!({"condition": "record.counterparty in lists.travel", "label": "trip"});
    assert_eq!(tenant.admin.post("/api/v1/rules/preview", preview).await.body["matched"], 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_use_keeps_its_name_and_its_place() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["trip"]).await;
    let list = travel(&tenant, &["Air"]).await;
    let path = format!("{PATH}/{}", text(&list["id"]));
    let rule = tenant.rule("Trips", "record.counterparty in lists.travel", "trip").await;
    tenant.rule("A text", "record.text == 'lists.travel'", "trip").await;
    for answer in [tenant.admin.delete(&path).await, tenant.admin.patch(&path, json!({"name": "trips"})).await] {
        assert_eq!((code(&answer), &answer.body["context"]["rules"]), ((409, "list_in_use"), &json!([rule["id"]])));
    }
    tenant.admin.delete(&format!("/api/v1/rules/{}", text(&rule["id"]))).await;
    let renamed = tenant.admin.patch(&path, json!({"name": "trips"})).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("trips")), "{renamed:?}");
    let gone = tenant.admin.delete(&path).await;
    assert_eq!((gone.status, &gone.body["name"]), (200, &json!("trips")));
    assert_eq!(code(&tenant.admin.get(&path).await), (404, "not_found"));
    for kind in ["VALUE_LIST_CREATED", "VALUE_LIST_UPDATED", "VALUE_LIST_DELETED"] {
        let told = app.wait_for_event(kind).await;
        assert_eq!((&*told.subject.kind, told.actor.name.as_deref()), ("value_list", Some("admin@example.com")));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_refused() {
    let app = start().await;
    let tenant = Tenant::with_labels(&app, &["trip"]).await;
    let list = travel(&tenant, &["Air"]).await;
    let path = format!("{PATH}/{}", text(&list["id"]));
    let post = async |body: Value| tenant.admin.post(PATH, body).await;
    assert_eq!(code(&post(json!({"name": "travel", "values": []})).await), (409, "list_exists"));
    for bad in [
        json!({"name": "a-b", "values": []}),
        json!({"name": "a"}),
        json!({"name": "a", "values": [""]}),
        json!({"name": "a", "values": ["x".repeat(501)]}),
        json!({"name": "a", "values": vec!["x"; 10_001]}),
    ] {
        assert_eq!(code(&post(bad).await), (422, "validation_failed"));
    }
    let many: Vec<String> = (0..10_000).map(|number| format!("v{number}")).collect();
    assert_eq!(code(&tenant.admin.patch(&path, json!({"add": many})).await), (422, "validation_failed"));
    let other = post(json!({"name": "other", "values": []})).await;
    let taken = tenant.admin.patch(&format!("{PATH}/{}", text(&other.body["id"])), json!({"name": "travel"})).await;
    assert_eq!(code(&taken), (409, "list_exists"));
    let stale = tenant.admin.send("PATCH", &path, &[("if-match", "\"9\"")], Some(json!({"add": ["x"]}))).await;
    assert_eq!(code(&stale), (412, "version_conflict"));
    let rule = json!({"name": "r", "condition": "record.text in lists.nope", "label": "trip"});
    let unknown = tenant.admin.post("/api/v1/rules", rule).await;
    assert_eq!(code(&unknown), (422, "invalid_condition"));
    assert_eq!(unknown.body["context"]["expected"], "create it first, or use one of: other, travel");
    let alone = json!({"condition": "lists.travel == record.text", "record": {"text": "x"}});
    assert_eq!(code(&tenant.admin.post("/api/v1/rules/test", alone).await), (422, "invalid_condition"));
    let unknown = format!("{PATH}/{}", ValueListId::generate());
    for answer in [
        tenant.admin.get(&unknown).await,
        tenant.admin.patch(&unknown, json!({})).await,
        tenant.admin.delete(&unknown).await,
    ] {
        assert_eq!(code(&answer), (404, "not_found"));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_makes_one_list() {
    let app = start().await;
    let tenant = Tenant::new(&app);
    let send = async || {
        let body = json!({"name": "travel", "values": ["Air"]});
        tenant.admin.send("POST", PATH, &[("idempotency-key", "k")], Some(body)).await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!((first.status, second.header("idempotent-replayed")), (201, Some("true")));
    let page = tenant.admin.get(&format!("{PATH}?limit=1")).await;
    assert_eq!((page.next_cursor(), &page.body), (None, &json!([first.body])));
    app.finish().await;
}
