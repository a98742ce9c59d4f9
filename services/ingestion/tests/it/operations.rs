//! Acts on many records, how they end, and their undoing.

use common::event::{
    ApprovalOutcome, Cause, Event, OperationCompleted, ReprocessOutcome, ReprocessRequested, Reprocessed,
};
use common::record::RecordStatus;
use common::{Clock as _, DecisionId, OperationId, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{Client, wait_until};

use crate::verdicts::{Teller, tell};
use crate::{start, start_api_only};

pub(crate) const BULK: &str = "/api/v1/records/bulk";

/// Sends so many records and gives their ids.
pub(crate) async fn send(agent: &Client, source: &str, count: usize) -> Vec<RecordId> {
    let records: Vec<Value> = (0..count).map(|n| json!({"raw": format!("text {n}"), "source": source})).collect();
    let answer = agent.post("/api/v1/records/batch", json!(records)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let ids = answer.body["ids"].as_array().expect("ids");
    ids.iter().map(|id| id.as_str().expect("an id").parse().expect("a UUID")).collect()
}

/// Begins an operation and waits for its end.
pub(crate) async fn run(client: &Client, path: &str, body: Value) -> Value {
    let started = client.post(path, body).await;
    assert_eq!(started.status, 202, "{started:?}");
    ended(client, &started.body["operationId"]).await
}

pub(crate) async fn ended(client: &Client, operation: &Value) -> Value {
    let path = format!("/api/v1/operations/{}", operation.as_str().expect("an id"));
    wait_until("the operation has ended", async || {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.body["status"] == "completed").then_some(answer.body)
    })
    .await
}

pub(crate) fn revert_path(operation: &Value) -> String {
    format!("/api/v1/operations/{}/revert", operation["id"].as_str().expect("an id"))
}

pub(crate) async fn items(client: &Client, operation: &Value, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/operations/{}/items?limit=200{query}", operation["id"].as_str().expect("an id"));
    let answer = client.get(&path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().cloned().expect("a list")
}

async fn status(client: &Client, record: RecordId) -> Value {
    client.get(&format!("/api/v1/records/{record}")).await.body["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_fixed_at_the_start_and_a_revert_spares_what_people_did() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let mut shop = send(&admin, "shop", 450).await;
    send(&admin, "other", 3).await;
    let count = json!({"action": "archive", "filter": {"source": "shop"}, "dryRun": true});
    wait_until("the lists have them", async || {
        let counted = admin.post(BULK, count.clone()).await;
        assert_eq!((counted.status, &counted.body["operationId"]), (200, &Value::Null), "{counted:?}");
        (counted.body["matched"] == 450).then_some(())
    })
    .await;
    assert_eq!(app.count("operations").await, 0, "counting begins nothing");

    let operation = run(&admin, BULK, json!({"action": "archive", "filter": {"source": "shop"}})).await;
    assert_eq!(
        (&operation["matched"], &operation["done"], &operation["changed"], &operation["skipped"]),
        (&json!(450), &json!(450), &json!(450), &json!(0))
    );
    assert_eq!(operation["selection"], json!({"filter": {"source": "shop"}}));
    assert_eq!(operation["createdBy"]["type"], "user");
    assert_eq!(app.count("records WHERE status = 'archived'").await, 450);
    assert_eq!(app.count("record_history WHERE operation_id IS NOT NULL").await, 450);
    assert_eq!(
        app.wait_for_event("OPERATION_COMPLETED").await.decode::<OperationCompleted>().expect("its shape").changed,
        450
    );

    // A person takes one back and puts it away again: the state is the same, but it is theirs now.
    let touched = shop.remove(7);
    for verb in ["restore", "archive"] {
        assert_eq!(admin.post(&format!("/api/v1/records/{touched}/{verb}"), json!({})).await.status, 200);
    }
    let late = send(&admin, "shop", 1).await[0];
    assert_eq!(admin.post(&format!("/api/v1/records/{late}/archive"), json!({})).await.status, 200);

    let revert = run(&admin, &revert_path(&operation), json!({})).await;
    assert_eq!(
        (&revert["action"], &revert["matched"], &revert["changed"], &revert["conflicts"]),
        (&json!("revert"), &json!(450), &json!(449), &json!(1))
    );
    assert_eq!(revert["conflictingRecords"], json!([touched]));
    assert_eq!(items(&admin, &revert, "&result=conflict").await[0]["reason"], "changed_by_person");
    assert_eq!(status(&admin, touched).await, "archived");
    assert_eq!(status(&admin, late).await, "archived", "never a part of it");
    assert_eq!(status(&admin, shop[0]).await, "ingested");
    let shown = ended(&admin, &operation["id"]).await;
    assert_eq!(shown["revertedBy"], revert["id"]);

    for (path, reason) in [(revert_path(&operation), "reverted"), (revert_path(&revert), "is_revert")] {
        let answer = admin.post(&path, json!({})).await;
        assert_eq!((answer.status, &answer.body["context"]["reason"]), (409, &json!(reason)), "{answer:?}");
    }
    let listed = admin.get("/api/v1/operations?limit=1").await;
    assert_eq!(listed.body[0]["id"], revert["id"], "newest first");
    let next = listed.next_cursor().expect("there is an older one");
    let rest = admin.get(&format!("/api/v1/operations?limit=1&cursor={next}")).await;
    assert_eq!((&rest.body[0]["id"], rest.next_cursor()), (&operation["id"], None));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_say_why_they_were_skipped_and_are_paged() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let ids = send(&admin, "shop", 3).await;
    assert_eq!(admin.post(&format!("/api/v1/records/{}/archive", ids[1]), json!({})).await.status, 200);
    let mut asked = ids.clone();
    asked.push(RecordId::generate());
    let operation = run(&admin, BULK, json!({"action": "archive", "ids": asked})).await;
    assert_eq!(
        (&operation["matched"], &operation["changed"], &operation["skipped"]),
        (&json!(3), &json!(2), &json!(1)),
        "the unknown id is no match"
    );
    let skipped = items(&admin, &operation, "&result=skipped").await;
    assert_eq!((&skipped[0]["recordId"], &skipped[0]["reason"]), (&json!(ids[1]), &json!("already_archived")));
    let path = format!("/api/v1/operations/{}/items", operation["id"].as_str().expect("an id"));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{path}?limit=1{cursor}")).await;
        seen.extend(page.body.as_array().expect("a list").iter().map(|item| item["recordId"].clone()));
        match page.next_cursor() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!(json!(seen), json!(sorted));
    let restored = run(&admin, BULK, json!({"action": "restore", "ids": ids})).await;
    assert_eq!(restored["changed"], 3);
    let undone = run(&admin, &revert_path(&restored), json!({})).await;
    assert_eq!(undone["changed"], 3);
    assert_eq!(status(&admin, ids[0]).await, "archived");
    app.finish().await;
}

pub(crate) fn reprocessed(tenant: TenantId, asked: &ReprocessRequested, outcome: ReprocessOutcome) -> Event {
    let cause = Cause {
        tenant_id: tenant,
        actor: common::Actor::service("processing"),
        trace: common::trace::TraceContext::random(),
        at: SystemClock.now(),
    };
    let data = Reprocessed {
        record_id: asked.record.record_id,
        operation_id: asked.operation_id,
        outcome,
        decision_id: DecisionId::generate(),
        previous_decision_id: None,
        sequence: 2,
        status: RecordStatus::Classified,
        label: Some("ham".into()),
        previous_status: Some(RecordStatus::Classified),
        previous_label: None,
    };
    Event::new(&cause, "processing", &data)
}

#[tokio::test(flavor = "multi_thread")]
async fn reprocessing_ends_with_the_news_of_it_and_leaves_people_alone() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let admin = app.caller(tenant, Role::Admin);
    tell(&app, &[teller.approved(ApprovalOutcome::Approve, "ham", SystemClock.now())]).await;
    let ids = send(&admin, "shop", 3).await;
    let mut all = ids.clone();
    all.push(teller.record);
    let started = admin.post(BULK, json!({"action": "reprocess", "ids": all})).await;
    assert_eq!((started.status, &started.body["matched"]), (202, &json!(4)), "{started:?}");
    let asked = wait_until("three requests", async || {
        Some(app.events_of("REPROCESS_REQUESTED").await).filter(|asked| asked.len() == 3)
    })
    .await;
    let asked: Vec<ReprocessRequested> = asked.iter().map(|event| event.decode().expect("its shape")).collect();
    assert!(asked.iter().all(|one| ids.contains(&one.record.record_id) && one.decision_id.is_none()));
    assert!(asked[0].record.normalized.text.starts_with("text "), "with what is to be decided");
    let path = format!("/api/v1/operations/{}", started.body["operationId"].as_str().expect("an id"));
    wait_until("the person's record is skipped", async || (admin.get(&path).await.body["skipped"] == 1).then_some(()))
        .await;
    let running = admin.post(&format!("{path}/revert"), json!({})).await;
    assert_eq!((running.status, &running.body["context"]["reason"]), (409, &json!("running")), "{running:?}");

    let news = [
        reprocessed(tenant, &asked[0], ReprocessOutcome::Changed),
        reprocessed(tenant, &asked[1], ReprocessOutcome::Unchanged),
        reprocessed(tenant, &asked[2], ReprocessOutcome::Pinned),
    ];
    app.publish(&news[..1]).await;
    app.publish(&news).await;
    app.publish(&news).await;
    let operation = ended(&admin, &started.body["operationId"]).await;
    assert_eq!(
        (&operation["changed"], &operation["unchanged"], &operation["skipped"], &operation["done"]),
        (&json!(1), &json!(1), &json!(2), &json!(4))
    );
    let reasons = items(&admin, &operation, "&result=skipped").await;
    assert!(reasons.iter().all(|item| item["reason"] == "decided_by_person"), "{reasons:?}");
    wait_until("the end is told", async || (!app.events_of("OPERATION_COMPLETED").await.is_empty()).then_some(()))
        .await;
    assert_eq!(app.events_of("OPERATION_COMPLETED").await.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_a_reprocessing_asks_for_the_decision_before() {
    let app = start().await;
    let (teller, tenant) = Teller::with_record(&app).await;
    let admin = app.caller(tenant, Role::Admin);
    tell(&app, &[teller.classified(1, "ham")]).await;
    let before = admin.get(&format!("/api/v1/records/{}", teller.record)).await.body["decisions"][0]["id"].clone();
    let started = admin.post(&format!("/api/v1/records/{}/reprocess", teller.record), json!({})).await;
    assert_eq!((started.status, &started.body["matched"]), (202, &json!(1)), "{started:?}");
    let asked: ReprocessRequested = app.wait_for_event("REPROCESS_REQUESTED").await.decode().expect("its shape");
    app.publish(&[teller.classified(2, "spam"), reprocessed(tenant, &asked, ReprocessOutcome::Changed)]).await;
    let operation = ended(&admin, &started.body["operationId"]).await;
    assert_eq!(admin.post(&revert_path(&operation), json!({})).await.status, 202);
    let again = wait_until("the second request", async || {
        app.events_of("REPROCESS_REQUESTED").await.get(1).map(Event::decode::<ReprocessRequested>)
    })
    .await
    .expect("its shape");
    assert_eq!(json!(again.decision_id), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_and_another_tenants_ids() {
    let app = start_api_only().await;
    let (mine, theirs) = (TenantId::generate(), TenantId::generate());
    let (me, them) = (app.caller(mine, Role::Admin), app.caller(theirs, Role::Admin));
    let their_record = send(&them, "shop", 1).await[0];
    let begun = them.post(BULK, json!({"action": "archive", "ids": [their_record]})).await;
    let their_operation = begun.body["operationId"].as_str().expect("an id").to_owned();

    for (body, field) in [
        (json!({"action": "archive"}), "ids"),
        (json!({"action": "archive", "ids": []}), "ids"),
        (json!({"action": "archive", "ids": [their_record], "filter": {}}), "ids"),
        (json!({"action": "archive", "ids": vec![their_record; 1_001]}), "ids"),
        (json!({"action": "burn", "ids": [their_record]}), "action"),
        (json!({"action": "archive", "filter": {"minConfidence": 2}}), "filter.minConfidence"),
        (json!({"action": "archive", "filter": {"q": "x".repeat(201)}}), "filter.q"),
        (json!({"action": "archive", "filter": {"colour": "red"}}), "filter.colour"),
    ] {
        let answer = me.post(BULK, body.clone()).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (422, Some("validation_failed")), "{body}");
        let told = answer.body["context"]["fields"].to_string();
        assert!(told.contains(field), "{body}: {told}");
    }
    let none = me.post(BULK, json!({"action": "archive", "ids": [their_record]})).await;
    assert_eq!((none.status, &none.body["matched"]), (202, &json!(0)));
    let mine = none.body["operationId"].as_str().expect("an id").to_owned();
    assert_eq!(me.get(&format!("/api/v1/operations/{mine}")).await.body["status"], "completed", "of nothing");
    for id in [their_operation, OperationId::generate().to_string()] {
        for (method, path) in [
            ("GET", format!("/api/v1/operations/{id}")),
            ("GET", format!("/api/v1/operations/{id}/items")),
            ("POST", format!("/api/v1/operations/{id}/revert")),
            ("POST", format!("/api/v1/operations/{id}/cancel")),
        ] {
            let answer = me.send(method, &path, &[], None).await;
            assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{method} {path}");
        }
    }
    assert_eq!(me.get("/api/v1/operations").await.body.as_array().map(Vec::len), Some(1));
    for path in ["/api/v1/operations?x=1", "/api/v1/operations?cursor=x", "/api/v1/operations?limit=0"] {
        let answer = me.get(path).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{path}");
    }
    let answer = me.get(&format!("/api/v1/operations/{mine}/items?result=odd")).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")));
    assert_eq!(app.count("records WHERE status = 'archived'").await, 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_begins_one_operation() {
    let app = start_api_only().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let ids = send(&admin, "shop", 2).await;
    let (key, body) = ([("idempotency-key", "k-1")], json!({"action": "archive", "ids": ids}));
    let first = admin.send("POST", BULK, &key, Some(body.clone())).await;
    let again = admin.send("POST", BULK, &key, Some(body)).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    assert_eq!(again.body, first.body);
    let other = admin.send("POST", BULK, &key, Some(json!({"action": "restore", "ids": ids}))).await;
    assert_eq!((other.status, other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    let reprocess = format!("/api/v1/records/{}/reprocess", ids[0]);
    let one = admin.send("POST", &reprocess, &key, Some(json!({}))).await;
    let two = admin.send("POST", &reprocess, &key, Some(json!({}))).await;
    assert_eq!((one.status, &one.body), (202, &two.body));
    assert_eq!(app.count("operations").await, 2);
    app.stop().await;
}
