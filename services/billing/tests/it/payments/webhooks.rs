//! `POST /billing/webhooks/{provider}`: what is taken, what is refused, and what a crash, a repetition, a forgery or
//! a wild order cannot do.

use std::net::TcpListener;

use billing::{Billing, BillingSettings};
use common::{Role, TenantId};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use test_support::wait_until;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use web::{Roles, Service as _};

use super::support::{PREVIOUS_SECRET, Paid, SECRET, WEBHOOKS, paid_settings, sign};
use crate::support::{now, start};

const BOTH: Roles = Roles { api: true, worker: true };
const API: Roles = Roles { api: true, worker: false };

fn event(id: &str, kind: &str, object: &Value) -> Value {
    json!({"id": id, "object": "event", "type": kind, "created": now().timestamp(), "data": {"object": object}})
}

#[tokio::test(flavor = "multi_thread")]
async fn only_fresh_signatures_of_live_secrets_over_these_bytes_are_taken() {
    let paid = Paid::start_as(BOTH, |_| {}).await;
    let body = event("evt_1", "payment_method.attached", &json!({"id": "pm_1"})).to_string();
    let at = now().timestamp();
    let refused = [
        (sign("whsec_of_somebody", at, body.as_bytes()), "invalid_signature"),
        (sign(SECRET, at, b"other bytes"), "invalid_signature"),
        (sign(SECRET, at - 301, body.as_bytes()), "stale_signature"),
        (sign(SECRET, at + 400, body.as_bytes()), "stale_signature"),
        ("t=1".to_owned(), "invalid_signature"),
        (String::new(), "invalid_signature"),
    ];
    for (signature, code) in refused {
        let answer = paid.send_signed(&signature, body.as_bytes()).await;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!(code)), "{signature}");
    }
    let unsigned = paid.app.anonymous().send_raw("POST", WEBHOOKS, &[], body.clone().into_bytes()).await;
    assert_eq!(unsigned.status, 401);
    assert_eq!(paid.app.count("provider_events").await, 0);
    assert_eq!(paid.app.count("refused_webhooks WHERE reason = 'stale_signature' AND count = 2").await, 1);
    assert_eq!(paid.app.count("refused_webhooks WHERE reason = 'signature_mismatch' AND count = 2").await, 1);

    for (id, secret) in [("evt_2", SECRET), ("evt_3", PREVIOUS_SECRET)] {
        let body = event(id, "payment_method.attached", &json!({"id": "pm_1"})).to_string();
        let answer = paid.send_signed(&sign(secret, at, body.as_bytes()), body.as_bytes()).await;
        assert_eq!((answer.status, &answer.body), (200, &json!({"received": true, "duplicate": false})));
    }
    paid.handled().await;
    assert_eq!(paid.app.count("provider_events WHERE outcome = 'ignored' AND body IS NULL").await, 2);
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_but_no_event_is_refused_and_unknown_providers_do_not_exist() {
    let paid = Paid::start_as(BOTH, |_| {}).await;
    for body in ["", "{", "[]", r#"{"id":"evt_1"}"#] {
        let answer = paid.send_signed(&sign(SECRET, now().timestamp(), body.as_bytes()), body.as_bytes()).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid_request")), "{body}");
    }
    for provider in ["manual", "none", "paypal", "%00"] {
        let path = format!("/api/v1/billing/webhooks/{provider}");
        let answer = paid.app.anonymous().send_raw("POST", &path, &[], Vec::new()).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{provider}");
    }
    assert_eq!(paid.app.anonymous().send("GET", WEBHOOKS, &[], None).await.status, 405);
    paid.finish().await;

    let app = start().await;
    assert_eq!(app.anonymous().send_raw("POST", WEBHOOKS, &[], Vec::new()).await.status, 404, "none is configured");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_told_and_changes_nothing() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    paid.drained().await;
    let before = (paid.log(tenant).await, paid.app.count("provider_events").await);
    for event in paid.double.events() {
        let answer = paid.send(&event).await;
        assert_eq!((answer.status, &answer.body["duplicate"]), (200, &json!(true)), "{event}");
    }
    paid.handled().await;
    assert_eq!((paid.log(tenant).await, paid.app.count("provider_events").await), before);
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_survives_the_death_of_who_stored_it() {
    let mut of_worker = None;
    let double = super::support::double();
    let app = test_support::TestApp::start_as::<Billing>(API, |parts| {
        of_worker = Some(paid_settings(parts, &double));
        paid_settings(parts, &double)
    })
    .await;
    let tenant = TenantId::generate();
    let subscribe = [("customer", make_customer(&double, tenant).await)];
    let body = subscription_event(&double, &subscribe[0].1, tenant).await;
    let text = body.to_string();
    let headers = [("stripe-signature", sign(SECRET, now().timestamp(), text.as_bytes()))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = app.anonymous().send_raw("POST", WEBHOOKS, &headers, text.clone().into_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(app.count("provider_events WHERE state = 'pending'").await, 1, "nobody has handled it");
    // As a worker leaves it that was killed with the event in hand.
    app.owner_sql("UPDATE provider_events SET claim = gen_random_uuid(), attempts = 1, next_attempt_at = now()").await;

    let stop = CancellationToken::new();
    let _stop_on_panic = stop.clone().drop_guard();
    let worker = second_worker(of_worker.expect("made above"), stop.clone());
    let of_tenant = app.caller(tenant, Role::Owner);
    wait_until("the next worker handles it", async || {
        (of_tenant.get("/api/v1/billing/status").await.body["plan"] == "business").then_some(())
    })
    .await;
    assert_eq!(app.count("provider_events WHERE state = 'done' AND body IS NULL AND attempts = 2").await, 1);
    stop.cancel();
    worker.await.expect("the worker ends without a panic");
    double.stop().await;
    app.finish().await;
}

/// Another process's worker on the same database.
fn second_worker(settings: BillingSettings, stop: CancellationToken) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let roles = Roles { api: false, worker: true };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(Billing::serve(settings, roles, listener, stop)).expect("the worker runs");
    })
}

async fn make_customer(double: &stripe_double::Double, tenant: TenantId) -> String {
    let fields = [("metadata[verdict_tenant]", tenant.to_string())];
    let made: Value = call(double, "customers", &fields).await;
    made["id"].as_str().expect("an id").to_owned()
}

async fn subscription_event(double: &stripe_double::Double, customer: &str, tenant: TenantId) -> Value {
    let prices: Value = reqwest::Client::new()
        .get(format!("{}/v1/prices?lookup_keys[]=verdict_business_monthly", double.base()))
        .bearer_auth("sk_test_x")
        .send()
        .await
        .expect("the double answers")
        .json()
        .await
        .expect("JSON");
    let price = prices["data"][0]["id"].as_str().expect("a price").to_owned();
    let fields = [
        ("customer", customer.to_owned()),
        ("items[0][price]", price),
        ("metadata[verdict_tenant]", tenant.to_string()),
    ];
    call(double, "subscriptions", &fields).await;
    let is_active = |event: &&Value| event["data"]["object"]["status"] == "active";
    double.events().iter().rfind(is_active).expect("it is paid").clone()
}

async fn call(double: &stripe_double::Double, path: &str, fields: &[(&str, String)]) -> Value {
    let request = reqwest::Client::new().post(format!("{}/v1/{path}", double.base())).bearer_auth("sk_test_x");
    let answer = request.form(fields).send().await.expect("the double answers");
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_s_customer_is_nobody_s_and_changes_nobody() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    paid.drained().await;
    let theirs = make_customer(&paid.double, TenantId::generate()).await;
    // Somebody's own subscription, made at the provider with our tenant's name on it: the tenant has its customer.
    subscription_event(&paid.double, &theirs, tenant).await;
    paid.app.owner_sql("UPDATE provider_events SET attempts = 5 WHERE state = 'pending'").await;
    wait_until("they are given up", async || {
        paid.app.owner_sql("UPDATE provider_events SET attempts = 5, next_attempt_at = now() WHERE state = 'pending' AND claim IS NULL").await;
        (paid.app.count("provider_events WHERE state = 'pending'").await == 0).then_some(())
    })
    .await;
    paid.drained().await;
    assert_eq!(paid.app.count("provider_subscriptions").await, 1);
    assert!(paid.app.count("provider_events WHERE outcome = 'ignored' AND tenant_id IS NULL").await >= 1);
    paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wild_orders_with_repetitions_through_http_end_in_the_provider_s_state() {
    // The same by the thousand, without HTTP, is a unit test of `domain::step`.
    const LIVES: usize = 12;
    let mut of_second = None;
    let paid = Paid::start_as(BOTH, |settings| of_second = Some(settings.clone())).await;
    let stop = CancellationToken::new();
    let _stop_on_panic = stop.clone().drop_guard();
    let second = second_worker(of_second.expect("made above"), stop.clone());
    let mut tenants = Vec::new();
    for index in 0..LIVES {
        let tenant = paid.tenant().await;
        paid.subscribe(tenant, "business", "0341").await;
        let subscription = paid.subscription();
        let team = paid.price("verdict_team_monthly").await;
        paid.api("POST", &format!("subscriptions/{subscription}"), &[("items[0][price]", &team)]).await;
        if index % 2 == 0 {
            paid.api("POST", &format!("subscriptions/{subscription}"), &[("cancel_at_period_end", "true")]).await;
        }
        if index % 3 == 0 {
            paid.api("DELETE", &format!("subscriptions/{subscription}"), &[]).await;
        }
        tenants.push((tenant, subscription));
    }
    paid.act("advance", &[("seconds", &(33 * 86_400).to_string())]).await;
    let events = paid.double.events();
    let mut rng = StdRng::seed_from_u64(7);
    let mut deliveries: Vec<&Value> = events.iter().flat_map(|event| vec![event; rng.random_range(1..=3)]).collect();
    deliveries.shuffle(&mut rng);
    for event in deliveries {
        assert_eq!(paid.send(event).await.status, 200);
    }
    paid.handled().await;
    for (tenant, subscription) in tenants {
        let theirs = paid.double.object(&subscription).expect("known");
        let ours = paid.until(tenant, &[("status", theirs["status"].clone())]).await;
        let plan = if theirs["status"] == "canceled" { "free" } else { "team" };
        assert_eq!(ours["plan"], plan, "{ours} {theirs}");
    }
    assert_eq!(paid.app.count("provider_events WHERE state = 'failed'").await, 0);
    let twice = "(SELECT FROM billing_events WHERE provider_event_id IS NOT NULL \
                  GROUP BY provider_event_id HAVING count(*) > 1) twice";
    assert_eq!(paid.app.count(twice).await, 0, "of two workers one handles an event");
    stop.cancel();
    second.await.expect("the second worker ends without a panic");
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_deliveries_lose_nothing() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    paid.act("knobs", &[("duplicate", "2"), ("reorder_millis", "400")]).await;
    paid.subscribe(tenant, "business", "4242").await;
    paid.until(tenant, &[("plan", json!("business")), ("status", json!("active"))]).await;
    paid.drained().await;
    paid.act("knobs", &[("tamper", "body")]).await;
    let subscription = paid.subscription();
    paid.portal(tenant, &[("act", "cancel-now"), ("subscription", &subscription)]).await;
    wait_until("the forgery is refused", async || {
        (paid.app.count("refused_webhooks WHERE reason = 'signature_mismatch'").await == 1).then_some(())
    })
    .await;
    paid.until(tenant, &[("status", json!("active"))]).await;
    paid.act("knobs", &[]).await;
    paid.api("POST", "customers", &[]).await;
    paid.finish().await;
}
