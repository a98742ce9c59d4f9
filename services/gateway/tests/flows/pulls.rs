//! A source that is pulled, from the authorisation in a browser to decided records, through all services.

use std::sync::Arc;

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use test_support::provider::{Provider, SECRET};
use test_support::{Stack, wait_until};
use tokio::sync::Notify;

use crate::api::{Api, assert_feed_is_exact};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_has_becomes_decided_records() {
    let stack = Stack::start().await;
    let (anonymous, provider) = (Api::new(stack.gateway()), Provider::start(3).await);
    provider.state.lock().expect("it").items[1]["text"] = json!("a refund please");
    let owner = anonymous.sign_up("pulls").await;
    owner.prepare().await;
    let body = json!({"provider": "oauth2", "name": "Items", "config": provider.config()});
    let made = owner.post("/integrations", body).await.expect(201);
    let own = format!("/integrations/{}", made["id"].as_str().expect("an id"));
    let begun = owner.post(&format!("{own}/oauth/authorize"), json!({"clientSecret": SECRET})).await.expect(200);
    let (code, state) = provider.agree(begun["authorizationUrl"].as_str().expect("a URL"));
    // The browser brings no credential.
    let callback = format!("/integrations/oauth/callback?code={code}&state={state}");
    let connected = anonymous.get(&callback).await.expect(200);
    assert_eq!((&connected["integrationId"], &connected["status"]), (&made["id"], &json!("connected")));
    let again = anonymous.get(&callback).await;
    assert_eq!((again.status, again.code()), (400, "oauth_state_invalid"));

    let run = wait_until("the pull has completed", async || {
        let runs = owner.get(&format!("{own}/syncs")).await.expect(200);
        (runs[0]["status"] == "completed").then(|| runs[0].clone())
    })
    .await;
    assert_eq!((&run["pages"], &run["records"]), (&json!(2), &json!(3)), "{run:#}");
    let records = owner.get("/records").await.expect(200);
    let ids: Vec<&str> =
        records.as_array().expect("a list").iter().filter_map(|record| record["id"].as_str()).collect();
    assert_eq!(ids.len(), 3);
    let mut labels = Vec::new();
    for id in ids {
        labels.push(owner.wait_for_status(id, &["classified", "pending_review"]).await["label"].clone());
    }
    assert_eq!(labels.iter().filter(|label| **label == json!("refund")).count(), 1, "{labels:?}");
    owner
        .wait_for_feed("the connection", |feed| {
            let of =
                |kind: &str| feed.iter().any(|event| event["type"] == kind && event["subject"]["id"] == made["id"]);
            of("INTEGRATION_CONNECTED") && of("INTEGRATION_AUTHORIZED")
        })
        .await;
    let told: Vec<Value> = owner.feed().await;
    assert!(told.iter().all(|event| !event.to_string().contains(SECRET)), "no secret is told");
    stack.finish().await;
}

/// Ends what a killed process held, as time would.
async fn end_leases(stack: &Stack) {
    let mut database = AsyncPgConnection::establish(&stack.database_url("ingestion")).await.expect("connects");
    database
        .batch_execute(
            "UPDATE pull_states SET leased_until = now() - interval '1 second'; \
             UPDATE oauth_tokens SET refresh_until = now() - interval '1 second' WHERE refresh_until IS NOT NULL",
        )
        .await
        .expect("runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_between_two_pages_repeats_and_loses_nothing() {
    let mut stack = Stack::start().await;
    let (anonymous, provider) = (Api::new(stack.gateway()), Provider::start(6).await);
    let owner = anonymous.sign_up("killed").await;
    owner.prepare().await;
    let body = json!({"provider": "oauth2", "name": "Items", "config": provider.config()});
    let made = owner.post("/integrations", body).await.expect(201);
    let own = format!("/integrations/{}", made["id"].as_str().expect("an id"));
    let begun = owner.post(&format!("{own}/oauth/authorize"), json!({"clientSecret": SECRET})).await.expect(200);
    let (code, state) = provider.agree(begun["authorizationUrl"].as_str().expect("a URL"));
    // Three pages: the second never comes to the process that asked for it, nor does a token to the next one.
    let held = |cursor: &str| {
        let hang = Arc::new(Notify::new());
        provider.state.lock().expect("it").held = Some((cursor.to_owned(), Arc::clone(&hang)));
        hang
    };
    let asked = async |pages: &[&str]| {
        wait_until(&format!("{pages:?} were asked for"), async || {
            (provider.state.lock().expect("it").asked == pages).then_some(())
        })
        .await;
    };
    let _second = held("2");
    let callback = format!("/integrations/oauth/callback?code={code}&state={state}");
    anonymous.get(&callback).await.expect(200);
    asked(&["", "2"]).await;
    stack.kill("ingestion").await;

    let _token = {
        let hang = Arc::new(Notify::new());
        provider.state.lock().expect("it").held_refresh = Some(Arc::clone(&hang));
        hang
    };
    let mut database = AsyncPgConnection::establish(&stack.database_url("ingestion")).await.expect("connects");
    database.batch_execute("UPDATE oauth_tokens SET expires_at = now()").await.expect("runs");
    end_leases(&stack).await;
    stack.restart("ingestion").await;
    wait_until("a token is asked for", async || {
        provider.state.lock().expect("it").held_refresh.is_none().then_some(())
    })
    .await;
    stack.kill("ingestion").await;

    let _third = held("4");
    end_leases(&stack).await;
    stack.restart("ingestion").await;
    asked(&["", "2", "2", "4"]).await;
    stack.kill("ingestion").await;
    end_leases(&stack).await;
    stack.restart("ingestion").await;
    let run = wait_until("the pull has completed", async || {
        let runs = owner.get(&format!("{own}/syncs")).await;
        (runs.body["data"][0]["status"] == "completed").then(|| runs.body["data"].clone())
    })
    .await;
    assert_eq!(run.as_array().map(Vec::len), Some(1), "one run, whoever did it: {run:#}");
    assert_eq!((&run[0]["pages"], &run[0]["records"], &run[0]["duplicates"]), (&json!(3), &json!(6), &json!(0)));
    asked(&["", "2", "2", "4", "4"]).await;
    assert_eq!(provider.state.lock().expect("it").refreshes, 1, "the second turn was the first to be answered");
    let told = owner
        .wait_for_feed("six records", |feed| feed.iter().filter(|event| event["type"] == "INGESTED").count() >= 6)
        .await;
    assert_feed_is_exact(&told);
    assert_eq!(told.iter().filter(|event| event["type"] == "INGESTED").count(), 6);
    let records = owner.get("/records").await.expect(200);
    let mut ids: Vec<&str> =
        records.as_array().expect("a list").iter().filter_map(|record| record["externalId"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6"]);
    stack.finish().await;
}
