//! Sources that are pulled, when providers, replicas and people get in each other's way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use common::{Clock as _, Role, SystemClock, TenantId};
use serde_json::{Value, json};
use test_support::provider::{Provider, SECRET};
use test_support::{TestApp, wait_until};
use tokio::sync::Notify;

use crate::pulling::{CALLBACK, PATH, authorize, connect, create, run_with, start_pulling, sync};

/// Takes the leases from whoever has them, as if their time were up.
async fn end_leases(app: &TestApp) {
    app.owner_sql("UPDATE pull_states SET leased_until = now() - interval '1 second'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_refreshed_once_whoever_else_wants_it() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    run_with(&admin, &own, "completed").await;
    assert_eq!(provider.state.lock().expect("it").refreshes, 0);

    // The token is about to end, and the provider takes its time to give another one.
    let hang = Arc::new(Notify::new());
    provider.state.lock().expect("it").held_refresh = Some(Arc::clone(&hang));
    app.owner_sql("UPDATE oauth_tokens SET expires_at = now() + interval '30 seconds'").await;
    sync(&admin, &own).await;
    wait_until("the first worker asks for a token", async || {
        provider.state.lock().expect("it").held_refresh.is_none().then_some(())
    })
    .await;
    end_leases(&app).await;
    wait_until("another worker waits for the same token", async || {
        (app.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").await == 1)
            .then_some(())
    })
    .await;
    hang.notify_one();
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["cause"], &run["duplicates"]), (&json!("request"), &json!(1)), "{run}");
    assert_eq!(provider.state.lock().expect("it").refreshes, 1, "the one who waited found the new token");
    assert_eq!(admin.get(&own).await.body["connection"]["status"], "connected");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_endpoint_that_has_a_bad_day_costs_no_connection() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    run_with(&admin, &own, "completed").await;
    app.owner_sql("UPDATE oauth_tokens SET expires_at = now()").await;
    provider.state.lock().expect("it").token_failures.extend([
        (503, json!({})),
        (400, json!({"error": "temporarily_unavailable"})),
        (403, json!("a proxy's page")),
    ]);
    sync(&admin, &own).await;
    run_with(&admin, &own, "completed").await;
    let (refreshes, left) = {
        let state = provider.state.lock().expect("it");
        (state.refreshes, state.token_failures.len())
    };
    assert_eq!((refreshes, left), (1, 0));
    assert_eq!(admin.get(&own).await.body["connection"]["status"], "connected");
    assert!(app.events_of("INTEGRATION_NEEDS_RECONNECT").await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_to_try_again_at_is_kept_to() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    // Dates have whole seconds: two of them ahead is at least one.
    let date = (SystemClock.now() + TimeDelta::days(2)).format("%a, %d %b %Y %H:%M:%S GMT");
    provider.state.lock().expect("it").failures.push_back((429, format!("retry-after: {date}\r\n")));
    connect(&app, &admin, &own, &provider).await;
    wait_until("the run waits", async || (app.count("sync_runs WHERE error LIKE '%429%'").await == 1).then_some(()))
        .await;
    let far = "pull_states WHERE due_at > now() + interval '23 hours' AND due_at < now() + interval '25 hours'";
    assert_eq!(app.count(far).await, 1, "two days are believed as one");
    let health = admin.get(&format!("{own}/health")).await.body;
    assert_eq!((&health["status"], &health["sync"]["failures"]), (&json!("degraded"), &json!(1)), "{health:#}");

    let begun = Instant::now();
    let date = (SystemClock.now() + TimeDelta::seconds(3)).format("%a, %d %b %Y %H:%M:%S GMT");
    provider.state.lock().expect("it").failures.push_back((503, format!("retry-after: {date}\r\n")));
    app.owner_sql("UPDATE pull_states SET due_at = now()").await;
    let run = run_with(&admin, &own, "completed").await;
    assert!(begun.elapsed() >= Duration::from_secs(2), "it was asked again too soon");
    assert_eq!((&run["records"], &run["error"]), (&json!(1), &json!(null)), "{run}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_connects_the_source_it_was_made_for_and_no_other() {
    let app = start_pulling().await;
    let provider = Provider::start(1).await;
    let (ours, theirs) = (TenantId::generate(), TenantId::generate());
    let (us, them) = (app.caller(ours, Role::Admin), app.caller(theirs, Role::Admin));
    let (our_source, their_source) = (create(&us, &provider).await, create(&them, &provider).await);
    let secret = json!({"clientSecret": SECRET});
    for (verb, body) in [("oauth/authorize", secret.clone()), ("oauth/disconnect", json!({})), ("sync", json!({}))] {
        let answer = us.post(&format!("{their_source}/{verb}"), body).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{verb} {answer:?}");
    }
    assert_eq!(us.get(&format!("{their_source}/syncs")).await.status, 404);

    // Their code with our state: the provider knows whose challenge it was.
    let (their_code, their_state) = provider.agree(&authorize(&them, &their_source, secret.clone()).await);
    let (_, our_state) = provider.agree(&authorize(&us, &our_source, secret.clone()).await);
    let crossed = app.anonymous().get(&format!("{CALLBACK}?code={their_code}&state={our_state}")).await;
    assert_eq!((crossed.status, crossed.body["code"].as_str()), (409, Some("oauth_refused")), "{crossed:?}");
    // A person of ours who finishes their authorisation connects their source, never ours.
    let finished = us.get(&format!("{CALLBACK}?code={their_code}&state={their_state}")).await;
    // The provider spent the code on the crossed try.
    assert_eq!((finished.status, finished.body["code"].as_str()), (409, Some("oauth_refused")), "{finished:?}");
    let (code, state) = provider.agree(&authorize(&them, &their_source, secret).await);
    assert_eq!(us.get(&format!("{CALLBACK}?code={code}&state={state}")).await.status, 200);
    assert_eq!(us.get(&our_source).await.body["connection"]["status"], "disconnected");
    run_with(&them, &their_source, "completed").await;
    assert_eq!(us.get("/api/v1/records").await.body, json!([]));
    assert_eq!(them.get("/api/v1/records").await.body.as_array().map(Vec::len), Some(1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_inside_is_not_followed() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    // Only 127.0.0.1 is allowed in these settings.
    provider.state.lock().expect("it").failures.push_back((302, "location: http://127.0.0.2:9/\r\n".into()));
    connect(&app, &admin, &own, &provider).await;
    let run = run_with(&admin, &own, "failed").await;
    assert!(run["error"].as_str().is_some_and(|error| error.contains("loopback")), "{run}");
    assert_eq!(admin.get(&own).await.body["connection"]["status"], "connected", "the tokens are none the worse");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_the_pulls_and_is_told() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    let health = async || admin.get(&format!("{own}/health")).await.body;
    let never = health().await;
    assert_eq!((&never["status"], &never["sync"]), (&json!("never_seen"), &json!(null)), "{never:#}");
    connect(&app, &admin, &own, &provider).await;
    run_with(&admin, &own, "completed").await;
    let well = health().await;
    assert_eq!((&well["status"], &well["last24h"]["accepted"]), (&json!("healthy"), &json!(1)), "{well:#}");
    assert!(well["sync"]["lastCompletedAt"].is_string() && well["lastAcceptedAt"].is_string(), "{well:#}");

    // A quiet API is no silence; a pull that nobody does is.
    app.owner_sql("UPDATE deliveries SET received_at = received_at - interval '9 days'").await;
    assert_eq!(health().await["status"], "healthy");

    provider.revoke();
    sync(&admin, &own).await;
    run_with(&admin, &own, "failed").await;
    let ill = health().await;
    assert_eq!((&ill["status"], &ill["sync"]["connection"]), (&json!("failing"), &json!("needs_reconnect")), "{ill:#}");
    assert!(ill["lastError"]["syncId"].is_string() && ill["lastError"]["deliveryId"].is_null(), "{ill:#}");
    assert!(ill["lastError"]["reason"].as_str().is_some_and(|said| said.contains("invalid_grant")), "{ill:#}");
    let told = app.wait_for_event("INTEGRATION_FAILING").await;
    assert!(told.data.get().contains("failing"), "{told:?}");

    connect(&app, &admin, &own, &provider).await;
    wait_until("it is pulled again", async || {
        let runs = admin.get(&format!("{own}/syncs")).await.body;
        (runs[0]["status"] == "completed" && runs[0]["cause"] == "connection").then_some(())
    })
    .await;
    assert_eq!(health().await["status"], "healthy");
    app.wait_for_event("INTEGRATION_RECOVERED").await;
    assert_eq!(admin.post(&format!("{own}/oauth/disconnect"), json!({})).await.status, 200);
    assert_eq!(health().await["status"], "silent", "as somebody wanted it, so without an alarm");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_change_between_two_pages_count_from_the_next_one() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(4).await, app.caller(TenantId::generate(), Role::Admin));
    let hang = Arc::new(Notify::new());
    provider.state.lock().expect("it").held = Some(("2".into(), Arc::clone(&hang)));
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    wait_until("the second page is asked for", async || {
        (provider.state.lock().expect("it").asked == ["", "2"]).then_some(())
    })
    .await;
    let mapping = json!({"externalId": "$.id", "text": "$.title"});
    assert_eq!(admin.patch(&own, json!({"mapping": mapping})).await.status, 200);
    hang.notify_one();
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["records"], &run["duplicates"]), (&json!(4), &json!(0)), "{run}");
    assert_eq!(provider.state.lock().expect("it").asked, ["", "2", "2"], "the page is read by the new mapping");
    let text = async |id: u8| {
        let found = admin.get(&format!("{}?externalId={id}", PATH.replace("integrations", "records"))).await.body;
        found[0]["normalized"]["text"].clone()
    };
    assert_eq!((text(1).await, text(3).await), (json!("text 1"), json!("item 3")));

    // Another list has other cursors.
    app.owner_sql("UPDATE pull_states SET cursor = '2'").await;
    let mut config = provider.config();
    config["pull"]["intervalSeconds"] = json!(60);
    assert_eq!(admin.patch(&own, json!({"config": config.clone()})).await.status, 200);
    assert_eq!(app.count("pull_states WHERE cursor = '2'").await, 1);
    config["pull"]["params"] = json!({"state": "open"});
    assert_eq!(admin.patch(&own, json!({"config": config})).await.status, 200);
    assert_eq!(app.count("pull_states WHERE cursor IS NULL").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_kept_as_they_were_written_and_old_runs_are_forgotten() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(0).await, app.caller(TenantId::generate(), Role::Admin));
    provider.state.lock().expect("it").items = vec![json!({"text": "one", "id": 1}), json!({"text": "nameless"})];
    let own = create(&admin, &provider).await;
    connect(&app, &admin, &own, &provider).await;
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!(run["records"], 2, "one item without an id costs no other: {run}");
    let old = "UPDATE sync_runs SET id = '01900000-0000-7000-8000-000000000000', \
               created_at = now() - interval '31 days', finished_at = now() - interval '31 days'";
    app.owner_sql(old).await;
    sync(&admin, &own).await;
    let run = run_with(&admin, &own, "completed").await;
    assert_eq!((&run["records"], &run["duplicates"]), (&json!(0), &json!(2)), "{run}");
    wait_until("the old run is gone", async || (app.count("sync_runs").await == 1).then_some(())).await;
    let kept: Value = admin.get(&format!("{own}/deliveries")).await.body;
    assert_eq!(kept.as_array().map(Vec::len), Some(2));
    app.finish().await;
}
