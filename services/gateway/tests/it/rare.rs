//! Refusals that need something out of order: a crowd, a database that is away, a request that still runs, a stored
//! secret that was damaged.

use diesel_async::SimpleAsyncConnection as _;
use gateway::settings::{HashingSettings, QuotaSettings};
use serde_json::json;
use settings::{ExposeSecret as _, SecretString};
use test_support::oidc::Person;
use test_support::{CutProxy, wait_until};

use crate::sign_in;
use crate::support::{PASSWORD, code, sign_up, start, start_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_at_the_door_is_told_to_come_back() {
    let app = start_with(|settings| {
        settings.auth.hashing = HashingSettings { memory_kib: 32_768, iterations: 6, lanes: 1, concurrency: 1 };
        settings.rate_limits.sign_up = QuotaSettings::new(0, 1);
    })
    .await;
    let tries: Vec<_> = (0..90)
        .map(|number| {
            let client = app.anonymous();
            let email = format!("p{number}@example.com");
            let body = json!({"email": email, "password": PASSWORD, "name": "P", "tenantName": "T"});
            tokio::spawn(async move { client.post("/api/v1/auth/signup", body).await })
        })
        .collect();
    let mut refused = 0;
    for one in tries {
        let answer = one.await.expect("no panic");
        if answer.status != 201 {
            assert_eq!((answer.status, code(&answer)), (503, "overloaded"), "{answer:?}");
            assert_eq!(answer.header("retry-after"), Some("2"));
            refused += 1;
        }
    }
    assert!(refused > 0, "64 wait, and one is served");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_nobody_is_let_in_and_nobody_is_blamed() {
    let server = std::env::var("VERDICT_TEST_DATABASE_URL").expect("as the test needs it");
    let authority = server.split_once("://").expect("a URL").1.split('/').next().expect("a host");
    let line = CutProxy::start(authority.rsplit_once('@').map_or(authority, |(_, host)| host)).await;
    let app = start_with(|settings| {
        let url = line.replace_host(settings.database.url.expose_secret());
        settings.database.url = SecretString::from(url);
        settings.database.wait_timeout_millis = 1_000;
    })
    .await;
    let ann = sign_up(&app, "ann").await;
    line.cut();
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    for (path, body) in [("login", login), ("refresh", json!({"refreshToken": ann.refresh_token}))] {
        let answer = app.anonymous().post(&format!("/api/v1/auth/{path}"), body).await;
        assert_eq!((answer.status, code(&answer)), (503, "service_unavailable"), "{path}: {answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    line.mend();
    wait_until("people are let in again", async || {
        let login = json!({"email": "ann@example.com", "password": PASSWORD});
        (app.anonymous().post("/api/v1/auth/login", login).await.status == 200).then_some(())
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_still_runs_is_not_begun_twice() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let path = "/api/v1/auth/api-keys";
    // Another request with the key holds it, as `db::idempotency` does.
    let mut other = app.database().superuser().await;
    let lock = format!("SELECT pg_advisory_lock(hashtextextended('{}/{}/POST {path}/k', 0))", ann.tenant, ann.id);
    other.batch_execute(&lock).await.expect("the lock is free");
    let create = async || {
        ann.send("POST", path, &[("idempotency-key", "k")], Some(json!({"name": "robot", "role": "agent"}))).await
    };
    let refused = create().await;
    assert_eq!((refused.status, code(&refused)), (409, "idempotency_in_progress"), "{refused:?}");
    assert_eq!((refused.header("retry-after"), app.count("api_keys").await), (Some("1"), 0));
    drop(other);
    let answer = wait_until("the other one is done", async || {
        let answer = create().await;
        (answer.status != 409).then_some(answer)
    })
    .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_secret_is_a_defect_of_ours_and_says_nothing() {
    let (app, provider) = sign_in::start().await;
    let ann = sign_up(&app, "ann").await;
    sign_in::configure_and_prove(&ann, &provider, json!({})).await;
    app.owner_sql("UPDATE sign_in_providers SET client_secret_sealed = '\\x0474657374'").await;
    let failed = sign_in::enter(&app, &provider, &ann.tenant, &Person::new("c", "carl@example.com")).await;
    assert_eq!((failed.status, code(&failed)), (500, "internal"), "{failed:?}");
    assert_eq!(failed.body["error"]["context"], json!({}), "{failed:?}");
    assert_eq!(provider.hits("/token"), 0);
    app.finish().await;
}
