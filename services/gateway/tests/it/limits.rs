//! Rate limits and the backoff of failed sign-ins, also across replicas.

use std::net::TcpListener;

use gateway::Gateway;
use gateway::settings::{GatewaySettings, QuotaSettings};
use serde_json::json;
use test_support::{Answer, TestApp, wait_until};
use tokio_util::sync::CancellationToken;
use web::{Roles, Service as _};

use crate::support::{PASSWORD, code, machine, sign_up, start, start_with};

const LOGIN: &str = "/api/v1/auth/login";

/// A second replica on the same database.
struct Replica {
    base: String,
    http: reqwest::Client,
    shutdown: CancellationToken,
    server: std::thread::JoinHandle<()>,
}

impl Replica {
    async fn start(settings: GatewaySettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            let roles = Roles { api: true, worker: false };
            runtime.block_on(Gateway::serve(settings, roles, listener, stop)).expect("the replica runs");
        });
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let replica = Self { base, http, shutdown, server };
        wait_until("the replica is live", async || {
            let answer = replica.http.get(format!("{}/health/live", replica.base)).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        replica
    }

    async fn status_of(&self, path: &str, token: &str) -> u16 {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(token);
        request.send().await.expect("it answers").status().as_u16()
    }

    async fn log_in(&self, email: &str, password: &str) -> u16 {
        let body = json!({"email": email, "password": password});
        let request = self.http.post(format!("{}{LOGIN}", self.base)).json(&body);
        request.send().await.expect("it answers").status().as_u16()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        let server = self.server;
        tokio::task::spawn_blocking(move || server.join().expect("no panic")).await.expect("joined");
    }
}

async fn start_pair(change: impl FnOnce(&mut GatewaySettings)) -> (TestApp, Replica) {
    let mut kept = None;
    let app = start_with(|settings| {
        change(settings);
        kept = Some(settings.clone());
    })
    .await;
    let replica = Replica::start(kept.expect("configured")).await;
    (app, replica)
}

fn number(answer: &Answer, header: &str) -> u64 {
    answer.header(header).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {header}: {answer:?}"))
}

fn assert_limited(answer: &Answer, scope: &str) {
    assert_eq!((answer.status, code(answer)), (429, "rate_limited"), "{answer:?}");
    let context = &answer.body["error"]["context"];
    assert_eq!(context["scope"], scope);
    assert_eq!(context["retryAfterSeconds"].as_u64(), Some(number(answer, "retry-after")));
    assert!(number(answer, "retry-after") >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_principal_has_a_quota_and_is_told_what_is_left() {
    let app = start_with(|settings| settings.rate_limits.principal = QuotaSettings::new(1, 4)).await;
    let ann = sign_up(&app, "ann").await;
    let robot = machine(&app, &ann, "agent").await;
    for left in [2, 1, 0] {
        let answer = ann.get("/api/v1/auth/me").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!((number(&answer, "ratelimit-limit"), number(&answer, "ratelimit-remaining")), (4, left));
        assert!(number(&answer, "ratelimit-reset") > 0);
    }
    let refused = ann.get("/api/v1/auth/me").await;
    assert_limited(&refused, "principal");
    assert_eq!(number(&refused, "ratelimit-remaining"), 0);
    assert_limited(&ann.get("/api/v1/records").await, "principal");
    assert_eq!(robot.get("/api/v1/records").await.status, 200, "the key has a quota of its own");
    assert_eq!(app.anonymous().get("/health/live").await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_callers_share_its_quota_and_no_other_tenants() {
    let app = start_with(|settings| settings.rate_limits.tenant = QuotaSettings::new(1, 3)).await;
    let ann = sign_up(&app, "ann").await;
    let bob = sign_up(&app, "bob").await;
    let robot = machine(&app, &ann, "agent").await;
    assert_eq!(robot.get("/api/v1/records").await.status, 200);
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200);
    assert_limited(&robot.get("/api/v1/records").await, "tenant");
    assert_limited(&ann.get("/api/v1/auth/me").await, "tenant");
    assert_eq!(bob.get("/api/v1/auth/me").await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_limited_and_forwarded_ones_only_count_from_trusted_proxies() {
    let app = start_with(|settings| settings.rate_limits.address = QuotaSettings::new(1, 2)).await;
    let from = async |app: &TestApp, address: &str| {
        app.anonymous().send("GET", "/.well-known/jwks.json", &[("x-forwarded-for", address)], None).await
    };
    assert_eq!(from(&app, "203.0.113.1").await.status, 200);
    assert_eq!(from(&app, "203.0.113.2").await.status, 200);
    assert_limited(&from(&app, "203.0.113.3").await, "address");
    app.finish().await;

    let app = start_with(|settings| {
        settings.rate_limits.address = QuotaSettings::new(1, 2);
        settings.rate_limits.trusted_proxies = "127.0.0.0/8".into();
    })
    .await;
    for address in ["203.0.113.1", "203.0.113.1", "203.0.113.2"] {
        assert_eq!(from(&app, address).await.status, 200);
    }
    assert_limited(&from(&app, "198.51.100.1, 203.0.113.1").await, "address");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_counted_for_their_integration_and_not_for_the_address() {
    let app = start_with(|settings| {
        settings.rate_limits.address = QuotaSettings::new(1, 1);
        settings.rate_limits.webhook = QuotaSettings::new(1, 2);
    })
    .await;
    let deliver = async |id: &str| {
        let path = format!("/api/v1/integrations/webhooks/generic/{id}");
        app.anonymous().post(&path, json!({})).await
    };
    let (one, other) = ("0190a000-0000-7000-8000-000000000001", "0190a000-0000-7000-8000-000000000002");
    assert_eq!((deliver(one).await.status, deliver(one).await.status), (200, 200));
    assert_limited(&deliver(one).await, "integration");
    assert_eq!(deliver(other).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_is_limited_by_address() {
    let app = start_with(|settings| settings.rate_limits.sign_up = QuotaSettings::new(1, 1)).await;
    sign_up(&app, "ann").await;
    let body = json!({"email": "bob@example.com", "password": PASSWORD, "name": "Bob", "tenantName": "Bob"});
    assert_limited(&app.anonymous().post("/api/v1/auth/signup", body).await, "address");
    assert_eq!(app.count("users").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_know_of_each_other_allow_the_quota_together() {
    for (replicas, expected) in [(2, 10), (1, 20)] {
        let (app, other) = start_pair(|settings| {
            settings.rate_limits.principal = QuotaSettings::new(1, 10);
            settings.rate_limits.replicas = replicas;
        })
        .await;
        let ann = sign_up(&app, "ann").await;
        let mut allowed = 0;
        for _ in 0..25 {
            allowed += u32::from(ann.get("/api/v1/auth/me").await.status == 200);
            allowed += u32::from(other.status_of("/api/v1/auth/me", &ann.token).await == 200);
        }
        assert_eq!(allowed, expected, "rate_limits.replicas is {replicas}");
        other.stop().await;
        app.finish().await;
    }
}

/// Fails until the account has to wait; gives how many failures that took.
async fn guess(app: &TestApp, other: &Replica, email: &str) -> usize {
    for tried in 0..20 {
        let status = if tried % 2 == 0 {
            app.anonymous().post(LOGIN, json!({"email": email, "password": "wrong"})).await.status
        } else {
            other.log_in(email, "wrong").await
        };
        if status == 429 {
            return tried;
        }
        assert_eq!(status, 401);
    }
    panic!("guessing goes on for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_waits_on_all_replicas_whether_or_not_the_account_exists() {
    let (app, other) = start_pair(|_| {}).await;
    sign_up(&app, "ann").await;
    assert_eq!(guess(&app, &other, "ann@example.com").await, 6);
    assert_eq!(guess(&app, &other, "nobody@example.com").await, 6, "the same for an account that is not there");
    let event = app.wait_for_event("LOGIN_THROTTLED").await;
    assert!(event.data.get().contains("\"failures\":6"), "{event:?}");
    assert_eq!(app.events_of("LOGIN_THROTTLED").await.len(), 1);

    app.owner_sql("UPDATE sign_in_failures SET blocked_until = now() + interval '1 hour' WHERE failures = 6").await;
    let right = json!({"email": "Ann@example.com ", "password": PASSWORD});
    let waits = app.anonymous().post(LOGIN, right.clone()).await;
    assert_limited(&waits, "account");
    assert_eq!(other.log_in("ann@example.com", PASSWORD).await, 429);
    app.owner_sql("UPDATE sign_in_failures SET blocked_until = now()").await;
    assert_eq!(app.anonymous().post(LOGIN, right).await.status, 200, "the wait ends by itself");
    assert_eq!(app.count("sign_in_failures WHERE failures > 7").await, 1, "of the address; the account is free");
    other.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_lock_an_owner_out_of_their_own_address() {
    let app = start_with(|settings| settings.rate_limits.trusted_proxies = "127.0.0.1".into()).await;
    sign_up(&app, "ann").await;
    let log_in = async |address: &str, password: &str| {
        let body = json!({"email": "ann@example.com", "password": password});
        app.anonymous().send("POST", LOGIN, &[("x-forwarded-for", address)], Some(body)).await
    };
    assert_eq!(log_in("203.0.113.1", PASSWORD).await.status, 200);
    for stranger in 0..6 {
        assert_eq!(log_in(&format!("198.51.100.{stranger}"), "wrong").await.status, 401);
    }
    assert_limited(&log_in("198.51.100.9", "wrong").await, "account");
    assert_eq!(log_in("203.0.113.1", PASSWORD).await.status, 200, "an address that signed in before is let in");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_guesses_at_once_counts_as_a_crowd() {
    let app = start().await;
    sign_up(&app, "ann").await;
    let guesses: Vec<_> = (0..30)
        .map(|_| {
            let client = app.anonymous();
            tokio::spawn(async move {
                client.post(LOGIN, json!({"email": "ann@example.com", "password": "wrong"})).await.status
            })
        })
        .collect();
    let mut tried = 0;
    for guess in guesses {
        tried += u32::from(guess.await.expect("no panic") == 401);
    }
    // A second or two may pass meanwhile, which lets one more in.
    assert!((6..=8).contains(&tried), "{tried} guesses were let in");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_transfers_have_a_quota_of_their_own() {
    let app = start_with(|settings| settings.rate_limits.transfer = QuotaSettings::new(1, 2)).await;
    let (one, other) = (sign_up(&app, "one").await, sign_up(&app, "other").await);
    let export = "/api/v1/records/export";
    let get = async |user: &crate::support::User, path: &str| user.send("GET", path, &[], None).await;
    let content = "/api/v1/files/0190a000-0000-7000-8000-000000000000/content";
    assert_eq!((get(&one, export).await.status, get(&one, content).await.status), (200, 200));
    let refused = get(&one, export).await;
    assert_eq!((refused.status, code(&refused)), (429, "rate_limited"), "{refused:?}");
    assert_eq!(refused.body["error"]["context"]["scope"], "transfer");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(get(&one, "/api/v1/records").await.status, 200, "other calls go on");
    assert_eq!(get(&other, export).await.status, 200, "and another tenant's transfers");
    app.finish().await;
}
