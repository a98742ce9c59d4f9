//! What was rejected is understood, and taken in once its cause is put right.

use common::{Role, TenantId};
use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::sender::{Sender, connect};
use crate::start;

async fn rejected(app: &TestApp, tenant: TenantId, source: &Sender) -> Vec<Value> {
    let path = format!("/api/v1/integrations/{}/deliveries?outcome=rejected", source.id);
    app.caller(tenant, Role::Analyst).get(&path).await.body.as_array().expect("a list").clone()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_signed_in_base64_is_diagnosed_and_replayed_once_the_encoding_is_set() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    let body = br#"{"id":"m-1","text":"hello"}"#;
    let mut headers = source.sign("d-1", body, 0);
    let digest = hex::decode(headers[0].1.trim_start_matches("sha256=")).expect("hex");
    headers[0].1 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
    assert_eq!(source.send_with(&headers, body).await.status, 401);

    let found = rejected(&app, tenant, &source).await;
    assert_eq!(found[0]["diagnosis"]["code"], "wrong_encoding", "{found:#?}");
    let replay = format!("{own}/deliveries/{}/replay", id(&found[0]));
    let refused = admin.post(&replay, json!({})).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("delivery_still_rejected")), "{refused:?}");
    assert_eq!(refused.body["context"]["diagnosis"]["code"], "wrong_encoding", "{refused:?}");

    assert_eq!(admin.send("PATCH", &own, &[], Some(json!({"config": {"encoding": "base64"}}))).await.status, 200);
    assert_eq!(rejected(&app, tenant, &source).await[0]["diagnosis"]["code"], "verifies_now");
    let key = [("idempotency-key", "once")];
    let taken = admin.send("POST", &replay, &key, Some(json!({}))).await;
    assert_eq!((taken.status, &taken.body["replayed"]), (200, &json!(true)), "{taken:?}");
    let repeated = admin.send("POST", &replay, &key, Some(json!({}))).await;
    assert_eq!((repeated.header("idempotent-replayed"), &repeated.body), (Some("true"), &taken.body));
    let again = admin.post(&replay, json!({})).await;
    let (replayed, record) = (&again.body["replayed"], &again.body["recordId"]);
    assert_eq!((again.status, replayed, record), (200, &json!(false), &taken.body["recordId"]), "{again:?}");

    let record = admin.get(&format!("/api/v1/records/{}", taken.body["recordId"].as_str().expect("an id"))).await;
    assert_eq!((record.status, &record.body["normalized"]["text"]), (200, &json!("hello")), "{record:?}");
    let shown = admin.get(&format!("{own}/deliveries/{}", id(&found[0]))).await;
    assert_eq!(
        (&shown.body["outcome"], &shown.body["reason"], &shown.body["receivedAt"], &shown.body["diagnosis"]),
        (&json!("accepted"), &json!("signature_missing"), &found[0]["receivedAt"], &Value::Null),
        "{shown:?}"
    );
    assert!(shown.body["replayedAt"].is_string(), "{shown:?}");
    // The sender's own retry is recognised, now that it is understood.
    let retried = source.send_with(&headers, body).await;
    assert_eq!((retried.status, &retried.body["recordId"]), (200, &taken.body["recordId"]), "{retried:?}");
    app.wait_for_event("INGESTED").await;
    let told = app.wait_for_event("DELIVERY_REPLAYED").await;
    assert!(told.data.get().contains(id(&found[0])), "{told:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quarantine_is_judged_again_in_order_and_repetitions_are_known() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    let late = async |name: &str| {
        let body = json!({"title": name, "text": name}).to_string();
        source.send_with(&source.sign(name, body.as_bytes(), -999), body.as_bytes()).await.status
    };
    // "d-3" comes twice.
    for name in ["d-1", "d-2", "d-3", "d-3"] {
        assert_eq!(late(name).await, 401);
    }
    let forger = source.with_secret("guessed");
    forger.send("d-4", &json!({"text": "forged"})).await;
    assert_eq!(rejected(&app, tenant, &source).await[4]["diagnosis"]["code"], "clock_skew");
    let reverify = format!("{own}/quarantine/reverify");
    let nothing = admin.post(&reverify, json!({})).await;
    let counts = |checked: u32, accepted: u32, duplicates: u32, rejected: u32| {
        json!({"checked": checked, "accepted": accepted, "duplicates": duplicates, "stillRejected": rejected,
            "nextCursor": null})
    };
    assert_eq!((nothing.status, &nothing.body), (200, &counts(5, 0, 0, 5)), "{nothing:?}");

    // Past one batch, so that the walk goes on behind what stays rejected.
    for n in 0..30 {
        forger.send(&format!("f-{n}"), &json!({})).await;
    }
    assert_eq!(late("d-5").await, 401);
    let changed = admin.send("PATCH", &own, &[], Some(json!({"config": {"toleranceSeconds": 2000}}))).await;
    assert_eq!(changed.status, 200, "{changed:?}");

    let key = [("idempotency-key", "once")];
    let done = admin.send("POST", &reverify, &key, Some(json!({}))).await;
    assert_eq!((done.status, &done.body), (200, &counts(36, 4, 1, 31)), "{done:?}");
    let repeated = admin.send("POST", &reverify, &key, Some(json!({}))).await;
    assert_eq!((repeated.header("idempotent-replayed"), &repeated.body), (Some("true"), &done.body));
    let titles = wait_until("the records are told of", async || {
        let told = app.events_of("INGESTED").await;
        (told.len() == 4).then(|| told.iter().map(|event| event.data.get().to_owned()).collect::<Vec<_>>())
    })
    .await;
    for (title, data) in ["d-1", "d-2", "d-3", "d-5"].iter().zip(&titles) {
        assert!(data.contains(title), "{title} in order of receipt: {titles:#?}");
    }
    assert_eq!(app.count("deliveries WHERE outcome = 'duplicate' AND replayed_at IS NOT NULL").await, 1);
    assert_eq!(app.events_of("QUARANTINE_REVERIFIED").await.len(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_never_kept_in_clear_and_replays_of_a_paused_source_are_held() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "gitlab").await;
    let own = format!("/api/v1/integrations/{}", source.id);
    assert_eq!(source.with_secret("guessed-token").send("d-1", &json!({})).await.status, 401);
    assert_eq!(source.send_with(&source.sign("d-2", b"nonsense", 0), b"nonsense").await.status, 400);
    assert_eq!(app.count("deliveries WHERE headers::text LIKE '%guessed-token%'").await, 0);
    let found = rejected(&app, tenant, &source).await;
    let codes: Vec<_> = found.iter().map(|row| row["diagnosis"]["code"].clone()).collect();
    assert_eq!(codes, ["not_json", "wrong_token"]);
    let shown = admin.get(&format!("{own}/deliveries/{}", id(&found[1]))).await;
    assert_eq!(shown.body["headers"]["x-gitlab-token"], "(a token, kept as a digest)", "{shown:?}");
    for row in &found {
        let refused = admin.post(&format!("{own}/deliveries/{}/replay", id(row)), json!({})).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("delivery_still_rejected")));
    }

    let generic = connect(&app, tenant, "generic").await;
    let own = format!("/api/v1/integrations/{}", generic.id);
    let body = br#"{"text":"late"}"#;
    assert_eq!(generic.send_with(&generic.sign("d-1", body, -999), body).await.status, 401);
    let change = json!({"config": {"toleranceSeconds": 2000}, "status": "paused"});
    assert_eq!(admin.send("PATCH", &own, &[], Some(change)).await.status, 200);
    let found = rejected(&app, tenant, &generic).await;
    let taken = admin.post(&format!("{own}/deliveries/{}/replay", id(&found[0])), json!({})).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let record = format!("/api/v1/records/{}", taken.body["recordId"].as_str().expect("an id"));
    assert_eq!(admin.get(&record).await.body["status"], "held");

    for path in [
        format!("{own}/deliveries/{}/replay", common::DeliveryId::generate()),
        format!("/api/v1/integrations/{}/quarantine/reverify", common::IntegrationId::generate()),
    ] {
        let answer = admin.post(&path, json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    for (path, body) in [
        (format!("{own}/deliveries/nonsense/replay"), json!({})),
        (format!("{own}/quarantine/reverify"), json!({"cursor": "nonsense"})),
    ] {
        let answer = admin.post(&path, body).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid_request")), "{path}");
    }
    app.finish().await;
}
