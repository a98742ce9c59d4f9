//! Sources that are asked: connected by OAuth 2.0, pulled page by page.

use std::sync::Arc;

use common::{Role, TenantId};
use ingestion::{Ingestion, IntakeSettings, PullSettings};
use outbound::OutboundSettings;
use serde_json::{Value, json};
use test_support::provider::{Provider, SECRET};
use test_support::{Client, TestApp, wait_until};
use tokio::sync::Notify;

use crate::{settings, start};

pub(crate) const PATH: &str = "/api/v1/integrations";
pub(crate) const CALLBACK: &str = "/api/v1/integrations/oauth/callback";

pub(crate) async fn start_pulling() -> TestApp {
    TestApp::start::<Ingestion>(|resources| {
        let mut settings = settings(resources, IntakeSettings::default());
        settings.outbound = OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() };
        settings.pull =
            PullSettings { workers: 2, poll_millis: 20, backoff_base_millis: 10, ..PullSettings::default() };
        settings
    })
    .await
}

/// A source of the provider's, not connected yet.
pub(crate) async fn create(admin: &Client, provider: &Provider) -> String {
    let body = json!({"provider": "oauth2", "name": "Items", "config": provider.config()});
    let made = admin.post(PATH, body).await;
    assert_eq!((made.status, &made.body["connection"]["status"]), (201, &json!("disconnected")), "{made:?}");
    format!("{PATH}/{}", made.body["id"].as_str().expect("an id"))
}

pub(crate) async fn authorize(admin: &Client, own: &str, body: Value) -> String {
    let begun = admin.post(&format!("{own}/oauth/authorize"), body).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(begun.body["redirectUri"], format!("https://verdict.example{CALLBACK}"));
    begun.body["authorizationUrl"].as_str().expect("a URL").to_owned()
}

/// Goes the whole way that a person goes.
pub(crate) async fn connect(app: &TestApp, admin: &Client, own: &str, provider: &Provider) {
    let url = authorize(admin, own, json!({"clientSecret": SECRET})).await;
    let (code, state) = provider.agree(&url);
    let answer = app.anonymous().get(&format!("{CALLBACK}?code={code}&state={state}&session=x")).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("connected")), "{answer:?}");
}

/// The newest run, once it has that status.
pub(crate) async fn run_with(admin: &Client, own: &str, status: &str) -> Value {
    wait_until(&format!("the newest run is {status}"), async || {
        let runs = admin.get(&format!("{own}/syncs")).await;
        assert_eq!(runs.status, 200, "{runs:?}");
        (runs.body[0]["status"] == status).then(|| runs.body[0].clone())
    })
    .await
}

pub(crate) async fn sync(admin: &Client, own: &str) {
    let queued = admin.post(&format!("{own}/sync"), json!({})).await;
    assert_eq!((queued.status, &queued.body["status"]), (202, &json!("queued")), "{queued:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_becomes_one_record() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(5).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["cause"], &run["pages"], &run["records"]), (&json!("connection"), &json!(3), &json!(5)), "{run}");
    assert_eq!(provider.state.lock().expect("it").asked, ["", "2", "4"]);
    let records = admin.get("/api/v1/records").await;
    assert_eq!(records.body.as_array().map(Vec::len), Some(5));
    let first = admin.get("/api/v1/records?externalId=1").await.body[0].clone();
    assert_eq!((&first["source"], &first["normalized"]["title"]), (&json!("oauth2"), &json!("item 1")), "{first}");

    // What comes again is known; what is new is not.
    provider.state.lock().expect("it").items.push(json!({"id": 6, "text": "new"}));
    let key = [("idempotency-key", "k-1")];
    let queued = admin.send("POST", &format!("{own}/sync"), &key, Some(json!({}))).await;
    assert_eq!(queued.status, 202, "{queued:?}");
    let again = admin.send("POST", &format!("{own}/sync"), &key, Some(json!({}))).await;
    assert_eq!((again.status, again.header("idempotent-replayed"), &again.body), (202, Some("true"), &queued.body));
    let run = wait_until("the second run is over", async || {
        let runs = admin.get(&format!("{own}/syncs")).await.body;
        (runs[0]["id"] == queued.body["id"] && runs[0]["status"] == "completed").then(|| runs[0].clone())
    })
    .await;
    assert_eq!(
        (&run["cause"], &run["records"], &run["duplicates"]),
        (&json!("request"), &json!(1), &json!(5)),
        "{run}"
    );
    assert_eq!(app.count("deliveries").await, 6, "what was known leaves no trace");
    for kind in ["INTEGRATION_AUTHORIZED", "SYNC_REQUESTED"] {
        app.wait_for_event(kind).await;
    }
    wait_until("every record was told of", async || (app.events_of("INGESTED").await.len() == 6).then_some(())).await;
    let page = admin.get(&format!("{own}/syncs?limit=1")).await;
    let rest = admin.get(&format!("{own}/syncs?limit=1&cursor={}", page.next_cursor().expect("more"))).await;
    assert_eq!(rest.body[0]["cause"], "connection");
    for secret in [SECRET, "access-", "refresh-"] {
        for table in ["oauth_tokens t", "oauth_states t", "outbox t", "integrations t"] {
            assert_eq!(app.count(&format!("{table} WHERE t::text LIKE '%{secret}%'")).await, 0, "{secret} in {table}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_good_once_and_for_ten_minutes() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    let callback = async |query: &str| {
        let answer = app.anonymous().get(&format!("{CALLBACK}?{query}")).await;
        (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(callback("code=x").await, (400, "invalid_request".into()));
    assert_eq!(callback("state=x").await, (400, "invalid_request".into()));
    assert_eq!(callback("code=x&state=guess").await, (400, "oauth_state_invalid".into()));

    let secret = json!({"clientSecret": SECRET});
    let (_, state) = provider.agree(&authorize(&admin, &own, secret.clone()).await);
    assert_eq!(callback(&format!("error=access_denied&state={state}")).await, (409, "oauth_refused".into()));
    assert_eq!(callback(&format!("code=x&state={state}")).await, (400, "oauth_state_invalid".into()), "it was spent");

    let (_, state) = provider.agree(&authorize(&admin, &own, secret.clone()).await);
    assert_eq!(callback(&format!("code=forged&state={state}")).await, (409, "oauth_refused".into()));

    // A code of another authorisation has another challenge: PKCE refuses it.
    let (code, _) = provider.agree(&authorize(&admin, &own, secret.clone()).await);
    let (_, state) = provider.agree(&authorize(&admin, &own, secret.clone()).await);
    assert_eq!(callback(&format!("code={code}&state={state}")).await, (409, "oauth_refused".into()));

    let (code, state) = provider.agree(&authorize(&admin, &own, secret).await);
    app.owner_sql("UPDATE oauth_states SET expires_at = now() - interval '1 second'").await;
    assert_eq!(callback(&format!("code={code}&state={state}")).await, (400, "oauth_state_invalid".into()));
    let shown = admin.get(&own).await;
    assert_eq!(shown.body["connection"]["status"], "disconnected");
    let refused = admin.post(&format!("{own}/sync"), json!({})).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("not_connected")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_refreshed_ahead_and_a_refusal_asks_for_a_reconnection() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(3).await, app.caller(TenantId::generate(), Role::Admin));
    // Within the time ahead of which tokens are refreshed.
    provider.state.lock().expect("it").expires_in = Some(30);
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    run_with(&admin, &own, "completed").await;
    assert_eq!(provider.state.lock().expect("it").refreshes, 2, "before each of the two pages, with a rotated token");

    provider.revoke();
    sync(&admin, &own).await;
    let run = run_with(&admin, &own, "failed").await;
    assert!(run["error"].as_str().is_some_and(|error| error.contains("invalid_grant")), "{run}");
    let shown = admin.get(&own).await;
    assert_eq!(shown.body["connection"]["status"], "needs_reconnect", "{shown:?}");
    assert_eq!(admin.get(PATH).await.body[0]["connection"]["status"], "needs_reconnect");
    app.wait_for_event("INTEGRATION_NEEDS_RECONNECT").await;
    let refused = admin.post(&format!("{own}/sync"), json!({})).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("not_connected")));

    // The same source is connected again, its client secret still known.
    {
        let mut state = provider.state.lock().expect("it");
        state.expires_in = Some(3_600);
        state.items.push(json!({"id": 4, "text": "meanwhile"}));
    }
    let (code, state) = provider.agree(&authorize(&admin, &own, json!({})).await);
    assert_eq!(app.anonymous().get(&format!("{CALLBACK}?code={code}&state={state}")).await.status, 200);
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["records"], &run["duplicates"]), (&json!(1), &json!(3)), "{run}");

    // An API that takes a token no more before its end is asked with a fresh one.
    provider.state.lock().expect("it").failures.push_back((401, String::new()));
    sync(&admin, &own).await;
    run_with(&admin, &own, "completed").await;
    assert_eq!(admin.get(&own).await.body["connection"]["status"], "connected");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_and_broken_providers_are_waited_for() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(3).await, app.caller(TenantId::generate(), Role::Admin));
    provider.state.lock().expect("it").failures.extend([(429, "retry-after: 1\r\n".into()), (500, String::new())]);
    let own = create(&admin, &provider).await;
    let begun = std::time::Instant::now();
    connect(&app, &admin, &own, &provider).await;
    let run = run_with(&admin, &own, "completed").await;
    assert!(begun.elapsed() >= std::time::Duration::from_secs(1), "Retry-After is kept to");
    assert_eq!((&run["records"], &run["error"]), (&json!(3), &json!(null)), "{run}");
    assert_eq!(provider.state.lock().expect("it").asked, ["", "", "", "2"]);
    assert_eq!(app.count("sync_runs").await, 1, "one run, whatever came between");

    // What will never be answered ends the run.
    provider.state.lock().expect("it").failures.push_back((403, String::new()));
    sync(&admin, &own).await;
    let run = run_with(&admin, &own, "failed").await;
    assert!(run["error"].as_str().is_some_and(|error| error.contains("403")), "{run}");
    app.finish().await;
}

/// A process that died between two pages has left its lease and the cursor of the pages it stored. Another one goes
/// on from there, and whatever the dead one would still do is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_whose_process_died_goes_on_from_its_cursor() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(4).await, app.caller(TenantId::generate(), Role::Admin));
    let hang = Arc::new(Notify::new());
    provider.state.lock().expect("it").held = Some(("2".into(), Arc::clone(&hang)));
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    wait_until("the first worker hangs at the second page", async || {
        (provider.state.lock().expect("it").asked == ["", "2"]).then_some(())
    })
    .await;
    let busy = admin.post(&format!("{own}/sync"), json!({})).await;
    assert_eq!((busy.status, busy.body["code"].as_str()), (409, Some("sync_running")));
    assert_eq!(app.count("records").await, 2, "the first page is stored, with its cursor");
    app.owner_sql("UPDATE pull_states SET leased_until = now() - interval '1 second'").await;
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["pages"], &run["records"], &run["duplicates"]), (&json!(2), &json!(4), &json!(0)), "{run}");
    assert_eq!(provider.state.lock().expect("it").asked, ["", "2", "2"], "the first page is not asked for again");
    hang.notify_one();
    sync(&admin, &own).await;
    wait_until("a further run is over", async || {
        let runs = admin.get(&format!("{own}/syncs")).await.body;
        (runs.as_array().map(Vec::len) == Some(2) && runs[0]["status"] == "completed").then_some(())
    })
    .await;
    assert_eq!((app.count("records").await, app.count("deliveries").await), (4, 4), "nothing came twice");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_disconnected_and_deleted_sources_are_left_alone() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(4).await, app.caller(TenantId::generate(), Role::Admin));
    let hang = Arc::new(Notify::new());
    provider.state.lock().expect("it").held = Some(("2".into(), Arc::clone(&hang)));
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    wait_until("the second page is asked for", async || {
        (provider.state.lock().expect("it").asked.len() == 2).then_some(())
    })
    .await;
    assert_eq!(admin.patch(&own, json!({"status": "paused"})).await.status, 200);
    hang.notify_one();
    run_with(&admin, &own, "stopped").await;
    assert_eq!(app.count("records").await, 2, "a page that came after the pause is not stored");
    let paused = admin.post(&format!("{own}/sync"), json!({})).await;
    assert_eq!((paused.status, paused.body["code"].as_str()), (409, Some("integration_paused")));
    assert_eq!(admin.patch(&own, json!({"status": "active"})).await.status, 200);
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["cause"], &run["records"]), (&json!("schedule"), &json!(2)), "it goes on where it stopped: {run}");

    let gone = admin.post(&format!("{own}/oauth/disconnect"), json!({})).await;
    assert_eq!((gone.status, &gone.body["status"]), (200, &json!("disconnected")), "{gone:?}");
    assert_eq!(
        admin.post(&format!("{own}/oauth/disconnect"), json!({})).await.status,
        200,
        "once more changes nothing"
    );
    assert_eq!(app.count("oauth_tokens WHERE tokens_sealed IS NOT NULL OR client_secret_sealed IS NOT NULL").await, 0);
    app.wait_for_event("INTEGRATION_DISCONNECTED").await;
    assert_eq!(app.events_of("INTEGRATION_DISCONNECTED").await.len(), 1);
    let refused = admin.post(&format!("{own}/sync"), json!({})).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("not_connected")));

    connect(&app, &admin, &own, &provider).await;
    run_with(&admin, &own, "completed").await;
    // Tokens never go to an address that they were not granted for.
    let mut config = provider.config();
    let renamed = admin.patch(&own, json!({"name": "Other"})).await;
    assert_eq!(renamed.body["connection"]["status"], "connected", "{renamed:?}");
    config["oauth2"]["tokenUrl"] = json!("https://idp.example/token");
    let moved = admin.patch(&own, json!({"config": config})).await;
    assert_eq!((moved.status, &moved.body["connection"]["status"]), (200, &json!("disconnected")), "{moved:?}");
    assert_eq!(admin.delete(&own).await.status, 200);
    assert_eq!(app.count("oauth_tokens WHERE tokens_sealed IS NOT NULL").await, 0, "tokens go with the source");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_configs_are_named_by_their_path() {
    let app = start_pulling().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let provider = Provider::start(0).await;
    let with = |part: &str, field: &str, value: Value| {
        let mut config = provider.config();
        config[part][field] = value;
        config
    };
    for (config, path) in [
        (json!({}), "config.oauth2"),
        (with("oauth2", "clientSecret", json!("x")), "config.oauth2.clientSecret"),
        (with("oauth2", "clientAuth", json!("magic")), "config.oauth2.clientAuth"),
        (with("oauth2", "tokenUrl", json!("http://idp.example/token")), "config.oauth2.tokenUrl"),
        (with("oauth2", "tokenUrl", json!("https://10.0.0.1/token")), "config.oauth2.tokenUrl"),
        (with("pull", "url", json!("https://169.254.169.254/latest")), "config.pull.url"),
        (with("pull", "itemsPath", json!("items")), "config.pull.itemsPath"),
        (with("pull", "intervalSeconds", json!(1)), "config.pull.intervalSeconds"),
        (json!({"oauth2": 1, "pull": {}}), "config.oauth2"),
    ] {
        let body = json!({"provider": "oauth2", "name": "x", "config": config});
        let answer = admin.post(PATH, body).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (422, Some("validation_failed")),
            "{path} {answer:?}"
        );
        assert_eq!(answer.body["context"]["fields"][0]["path"], path, "{answer:?}");
    }
    let webhook = admin.post(PATH, json!({"provider": "generic", "name": "hook"})).await;
    assert_eq!((webhook.status, &webhook.body["connection"]), (201, &json!(null)));
    let hook = format!("{PATH}/{}", webhook.body["id"].as_str().expect("an id"));
    for act in ["oauth/authorize", "oauth/disconnect", "sync"] {
        let answer = admin.post(&format!("{hook}/{act}"), json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (409, Some("not_oauth")), "{act} {answer:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_by_default() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let provider = Provider::start(1).await;
    let body = json!({"provider": "oauth2", "name": "Inside", "config": provider.config()});
    let refused = admin.post(PATH, body).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let paths: Vec<_> =
        refused.body["context"]["fields"].as_array().expect("faults").iter().map(|f| &f["path"]).collect();
    assert_eq!(paths, ["config.oauth2.authorizationUrl", "config.oauth2.tokenUrl", "config.pull.url"]);

    // A row that was written under other settings is not called either.
    let public = json!({"oauth2": {"authorizationUrl": "https://idp.example/a", "tokenUrl": "https://idp.example/t",
        "clientId": "verdict", "scopes": ["items.read"]}, "pull": {"url": "https://api.example/items"}});
    let made = admin.post(PATH, json!({"provider": "oauth2", "name": "Outside", "config": public})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let own = format!("{PATH}/{}", made.body["id"].as_str().expect("an id"));
    app.owner_sql(&format!("UPDATE integrations SET config = '{}'", provider.config())).await;
    let (code, state) = provider.agree(&authorize(&admin, &own, json!({"clientSecret": SECRET})).await);
    let answer = app.anonymous().get(&format!("{CALLBACK}?code={code}&state={state}")).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (409, Some("oauth_refused")), "{answer:?}");
    assert!(answer.body["context"]["reason"].as_str().is_some_and(|said| said.contains("loopback")), "{answer:?}");
    app.finish().await;
}
