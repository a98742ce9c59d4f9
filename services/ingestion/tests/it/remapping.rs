//! A mapping applied to what its source delivered before.

use common::event::{ApprovalOutcome, ReprocessOutcome, ReprocessRequested};
use common::{Clock as _, IntegrationId, RecordId, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::{Client, TestApp, wait_until};

use crate::operations::{ended, items, reprocessed, revert_path, run};
use crate::sender::{Sender, connect};
use crate::verdicts::{Teller, tell};
use crate::{start, start_api_only};

async fn deliver(source: &Sender, count: usize) -> Vec<RecordId> {
    let mut records = Vec::new();
    for n in 0..count {
        let body = json!({"id": format!("m-{n}"), "text": format!("old {n}"), "body": {"words": format!("fresh {n}"), "cost": "1.10"}});
        let answer = source.send(&format!("d-{n}"), &body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        records.push(answer.body["recordId"].as_str().expect("an id").parse().expect("a UUID"));
    }
    records
}

async fn set_mapping(admin: &Client, own: &str) {
    let mapping = json!({"externalId": "$.id", "text": "$.body.words", "amount": "$.body.cost"});
    let changed = admin.patch(own, json!({"mapping": mapping})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

async fn record(client: &Client, id: RecordId) -> Value {
    client.get(&format!("/api/v1/records/{id}")).await.body
}

/// Answers as processing would, once so many requests were made.
async fn answer_requests(app: &TestApp, tenant: TenantId, count: usize) -> Vec<ReprocessRequested> {
    let asked = wait_until("the requests are made", async || {
        Some(app.events_of("REPROCESS_REQUESTED").await).filter(|asked| asked.len() == count)
    })
    .await;
    let asked: Vec<ReprocessRequested> = asked.iter().map(|event| event.decode().expect("its shape")).collect();
    let news: Vec<_> = asked.iter().map(|one| reprocessed(tenant, one, ReprocessOutcome::Unchanged)).collect();
    app.publish(&news).await;
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_deliveries_are_read_anew_and_people_are_left_alone() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    let apply = format!("{own}/mapping/apply");
    let ids = deliver(&source, 5).await;
    tell(&app, &[Teller::of(tenant, ids[0]).approved(ApprovalOutcome::Approve, "ham", SystemClock.now())]).await;
    assert_eq!(admin.post(&format!("/api/v1/records/{}/archive", ids[1]), json!({})).await.status, 200);
    assert_eq!(admin.post(&format!("/api/v1/records/{}/expunge-raw", ids[2]), json!({})).await.status, 200);
    wait_until("the lists have them", async || {
        let counted = admin.post(&apply, json!({"dryRun": true})).await;
        assert_eq!((counted.status, &counted.body["operationId"]), (200, &Value::Null), "{counted:?}");
        let found = admin.get("/api/v1/records?q=old").await.body;
        (counted.body["matched"] == 5 && found.as_array().map(Vec::len) == Some(5)).then(|| {
            assert_eq!((&counted.body["sampled"], &counted.body["wouldChange"]), (&json!(5), &json!(0)));
        })
    })
    .await;
    set_mapping(&admin, &own).await;
    let counted = admin.post(&apply, json!({"dryRun": true})).await;
    assert_eq!((&counted.body["matched"], &counted.body["wouldChange"]), (&json!(5), &json!(2)), "{counted:?}");

    let key = [("idempotency-key", "once")];
    let begun = admin.send("POST", &apply, &key, Some(json!({}))).await;
    assert_eq!((begun.status, &begun.body["matched"]), (202, &json!(5)), "{begun:?}");
    let again = admin.send("POST", &apply, &key, Some(json!({}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &begun.body));
    let asked = answer_requests(&app, tenant, 2).await;
    assert!(asked.iter().all(|one| one.record.normalized.text.starts_with("fresh ")), "{asked:?}");
    let operation = ended(&admin, &begun.body["operationId"]).await;
    assert_eq!(
        (&operation["action"], &operation["integrationId"], &operation["changed"], &operation["skipped"]),
        (&json!("remap"), &json!(source.id), &json!(2), &json!(3)),
        "the form changed, though the decision did not: {operation:#}"
    );
    let mut reasons: Vec<_> =
        items(&admin, &operation, "&result=skipped").await.iter().map(|item| item["reason"].to_string()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["\"archived\"", "\"decided_by_person\"", "\"raw_expunged\""]);
    let changed = record(&admin, ids[3]).await;
    assert_eq!(
        (&changed["normalized"]["text"], &changed["normalized"]["amount"], &changed["version"]),
        (&json!("fresh 3"), &json!("1.10"), &json!(2))
    );
    assert_eq!(record(&admin, ids[0]).await["normalized"]["text"], "old 0");
    let history = admin.get(&format!("/api/v1/records/{}/history", ids[3])).await.body;
    assert_eq!((&history[0]["action"], &history[0]["operationId"]), (&json!("remapped"), &operation["id"]));
    let found = async |word: &str| admin.get(&format!("/api/v1/records?q={word}")).await.body.as_array().map(Vec::len);
    assert_eq!((found("fresh").await, found("old").await), (Some(2), Some(3)), "searches follow");

    // Once more changes nothing, and asks nobody.
    let idle = run(&admin, &apply, json!({"filter": {"status": "ingested"}})).await;
    assert_eq!((&idle["changed"], &idle["unchanged"], &idle["skipped"]), (&json!(0), &json!(2), &json!(1)), "{idle:#}");
    assert_eq!(app.events_of("REPROCESS_REQUESTED").await.len(), 2);

    // A person takes one of the two; the revert gives back the other.
    tell(&app, &[Teller::of(tenant, ids[4]).approved(ApprovalOutcome::Approve, "ham", SystemClock.now())]).await;
    wait_until("the verdict is taken over", async || {
        (record(&admin, ids[4]).await["status"] == "approved").then_some(())
    })
    .await;
    let undone = admin.post(&revert_path(&operation), json!({})).await;
    assert_eq!((undone.status, &undone.body["matched"]), (202, &json!(2)), "{undone:?}");
    answer_requests(&app, tenant, 3).await;
    let revert = ended(&admin, &undone.body["operationId"]).await;
    assert_eq!((&revert["changed"], &revert["conflicts"]), (&json!(1), &json!(1)), "{revert:#}");
    assert_eq!(record(&admin, ids[3]).await["normalized"]["text"], "old 3");
    assert_eq!(record(&admin, ids[3]).await["normalized"]["amount"], Value::Null);
    assert_eq!(record(&admin, ids[4]).await["normalized"]["text"], "fresh 4", "a person decided on this");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_paused_source_holds_is_put_right_before_it_is_told_of() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    assert_eq!(admin.patch(&own, json!({"status": "paused"})).await.status, 200);
    let ids = deliver(&source, 2).await;
    assert_eq!(record(&admin, ids[0]).await["status"], "held");
    set_mapping(&admin, &own).await;
    let operation = run(&admin, &format!("{own}/mapping/apply"), json!({})).await;
    assert_eq!(operation["changed"], 2, "{operation:#}");
    assert!(app.events_of("REPROCESS_REQUESTED").await.is_empty(), "nobody knows of them yet");
    assert_eq!(admin.patch(&own, json!({"status": "active"})).await.status, 200);
    let told = app.wait_for_event("INGESTED").await;
    assert!(told.data.get().contains("fresh 0"), "{told:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_and_another_tenants_source() {
    let app = start_api_only().await;
    let (mine, theirs) = (TenantId::generate(), TenantId::generate());
    let me = app.caller(mine, Role::Admin);
    let (own, other) = (connect(&app, mine, "generic").await, connect(&app, theirs, "generic").await);
    let path = |id: &str| format!("/api/v1/integrations/{id}/mapping/apply");
    for id in [other.id.clone(), IntegrationId::generate().to_string()] {
        let answer = me.post(&path(&id), json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{answer:?}");
    }
    for (body, field) in [
        (json!({"filter": {"status": "odd"}}), "filter.status"),
        (json!({"filter": {"q": "x"}}), "filter.q"),
        (json!({"filter": {"from": "yesterday"}}), "filter.from"),
        (json!({"dryRun": 1}), "dryRun"),
    ] {
        let answer = me.post(&path(&own.id), body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{body} {answer:?}"
        );
        assert!(answer.body["context"]["fields"].to_string().contains(field), "{body} {answer:?}");
    }
    let none = me.post(&path(&own.id), json!({})).await;
    assert_eq!((none.status, &none.body["matched"]), (202, &json!(0)), "{none:?}");
    app.stop().await;
}
