//! A source that is pulled, from the authorisation in a browser to decided records, through all services.

use serde_json::{Value, json};
use test_support::provider::{Provider, SECRET};
use test_support::{Stack, wait_until};

use crate::api::Api;

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
