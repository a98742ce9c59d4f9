//! The implementation against the double over HTTP, and the double's objects against async-stripe's types: what
//! either gets wrong about Stripe shows here.

use std::collections::HashSet;
use std::net::TcpListener;

use common::{DateTime, TenantId};
use outbound::{Outbound, OutboundSettings};
use payments::{CheckoutRequest, NewCustomer, Notice, PaymentProvider, ProviderError, SubscriptionStatus, UsageReport};
use payments_stripe::{Stripe, StripeSettings};
use serde_json::Value;
use stripe_double::{Double, Seed};

struct Pair {
    double: Double,
    stripe: Stripe,
    http: reqwest::Client,
}

impl Pair {
    fn start() -> Self {
        let price = |name: &str, key: &str, minor| (name.to_owned(), key.to_owned(), minor, "EUR".to_owned(), None);
        let seed =
            Seed { prices: vec![price("Team", "team", 4_900), price("Business", "business", 49_900)], webhook: None };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let double = Double::start(listener, &seed).expect("the double starts");
        let allow = vec!["127.0.0.1".to_owned()];
        let outbound = Outbound::new(&OutboundSettings { allow, ..Default::default() }).expect("a client");
        let settings = StripeSettings {
            api_base: Some(double.base().to_owned()),
            secret_key: "sk_test_x".to_owned().into(),
            webhook_secrets: vec!["whsec_x".to_owned().into()],
            tolerance_seconds: 300,
        };
        Self { stripe: Stripe::new(&settings, outbound), double, http: reqwest::Client::new() }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let url = format!("{}/{path}", self.double.base());
        let answer = self.http.post(url).bearer_auth("sk_test_x").form(fields).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path} {fields:?}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    fn request(&self, customer: &str, tenant: TenantId, price: &str, key: &str) -> CheckoutRequest {
        CheckoutRequest {
            customer: customer.to_owned(),
            tenant,
            price_ref: price.to_owned(),
            metered_price_ref: None,
            trial_days: None,
            success_url: "https://app.example.com/done".into(),
            cancel_url: "https://app.example.com/plans".into(),
            idempotency_key: key.to_owned(),
        }
    }

    async fn subscribe(&self, tenant: TenantId, price: &str, card: &str) -> String {
        let customer = self.stripe.create_customer(NewCustomer { tenant }).await.expect("a customer");
        let request = self.request(&customer, tenant, price, &format!("k-{tenant}"));
        let session = self.stripe.checkout_session(request).await.expect("a session");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        client.post(&session.url).form(&[("card", card)]).send().await.expect("paid");
        self.double.newest("subscription").expect("begun")["id"].as_str().expect("an id").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_begun_fetched_listed_and_ended() {
    let pair = Pair::start();
    let tenant = TenantId::generate();
    let id = pair.subscribe(tenant, "team", "4242").await;
    let fetched = pair.stripe.fetch_subscription(&id).await.expect("it is there");
    let state = &fetched.value;
    assert_eq!((state.status, state.tenant), (SubscriptionStatus::Active, Some(tenant)));
    assert!(state.price_refs.contains(&"team".to_owned()), "{:?}", state.price_refs);
    assert!(state.current_period_end > state.current_period_start);
    assert!((fetched.as_of - state.created_at).num_seconds().abs() < 60, "the provider's own time");

    let listed = pair.stripe.subscriptions_of(&state.customer).await.expect("a list");
    assert_eq!(listed.value, vec![state.clone()]);
    let again = pair.stripe.create_customer(NewCustomer { tenant }).await.expect("a customer");
    assert_eq!(again, state.customer, "the same tenant, the same customer");
    let link = pair.stripe.portal_link(&state.customer, "https://app.example.com/").await.expect("a link");
    assert!(link.starts_with(pair.double.base()));

    let ended = pair.stripe.cancel_subscription(&id).await.expect("it ends").value;
    assert_eq!((ended.status, ended.ended_at.is_some()), (SubscriptionStatus::Canceled, true));
    assert!(matches!(pair.stripe.cancel_subscription(&id).await, Err(ProviderError::Missing(_))));
    assert!(matches!(pair.stripe.fetch_subscription("sub_none").await, Err(ProviderError::Missing(_))));
    let wrong = pair.stripe.checkout_session(pair.request("cus_none", tenant, "gold", "k")).await;
    assert!(matches!(wrong, Err(ProviderError::Refused { .. })), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_agreed_for_later_is_read_from_the_schedule() {
    let pair = Pair::start();
    let id = pair.subscribe(TenantId::generate(), "business", "4242").await;
    let team = pair.double.object(&id).expect("begun")["customer"].as_str().expect("an id").to_owned();
    let session = pair.post("v1/billing_portal/sessions", &[("customer", &team)]).await;
    let prices: Value = pair
        .http
        .get(format!("{}/v1/prices?lookup_keys[]=team", pair.double.base()))
        .bearer_auth("sk_test_x")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let price = prices["data"][0]["id"].as_str().expect("a price");
    let url = session["url"].as_str().expect("a page");
    pair.http.post(url).form(&[("act", "later"), ("subscription", &id), ("price", price)]).send().await.expect("done");

    let fetched = pair.stripe.fetch_subscription(&id).await.expect("it is there").value;
    let scheduled = fetched.scheduled.clone().expect("another price is agreed");
    assert!(scheduled.price_refs.contains(&"team".to_owned()), "{scheduled:?}");
    assert_eq!(Some(scheduled.at), fetched.current_period_end);
    let listed = pair.stripe.subscriptions_of(&fetched.customer).await.expect("a list");
    assert_eq!(listed.value, vec![fetched]);
    let event = pair.double.events().into_iter().rfind(|event| event["type"] == "customer.subscription.updated");
    let notice = pair.stripe.parse_webhook(event.expect("told").to_string().as_bytes()).expect("an event").notice;
    assert!(matches!(notice, Notice::UnreadableSubscription { .. }), "the event only names the schedule: {notice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_page_by_page_and_each_can_be_read() {
    let pair = Pair::start();
    for _ in 0..25 {
        pair.subscribe(TenantId::generate(), "team", "0341").await;
    }
    pair.post("_test/advance", &[("seconds", "3000000")]).await;
    let charge = pair.double.newest("charge").expect("paid")["id"].as_str().expect("an id").to_owned();
    pair.post("v1/refunds", &[("charge", &charge)]).await;
    pair.post("_test/dispute", &[("charge", &charge)]).await;
    let (mut found, mut cursor, mut pages) = (HashSet::new(), None, 0);
    loop {
        let since = DateTime::from_timestamp(0, 0).expect("a time");
        let page = pair.stripe.events_since(since, cursor.as_deref()).await.expect("a page");
        found.extend(page.events.iter().map(|event| event.id.clone()));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let made = pair.double.events();
    assert!(pages > 1, "{pages}");
    assert_eq!(found.len(), made.len(), "none is skipped or repeated");
    let handled = made.iter().filter(|event| {
        let read = pair.stripe.parse_webhook(event.to_string().as_bytes()).expect("each can be read");
        read.notice.is_handled()
    });
    assert!(handled.count() > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_metered_once_for_its_key() {
    let pair = Pair::start();
    let tenant = TenantId::generate();
    let customer = pair.stripe.create_customer(NewCustomer { tenant }).await.expect("a customer");
    let report = UsageReport {
        customer,
        meter: "records".into(),
        quantity: 7,
        at: DateTime::from_timestamp(1_760_000_000, 0).expect("a time"),
        idempotency_key: "usage-1".into(),
    };
    for _ in 0..2 {
        pair.stripe.report_usage(report.clone()).await.expect("taken");
    }
    assert_eq!(pair.double.metered().len(), 1);
}

/// Parses an object strictly as async-stripe generated it from Stripe's own description.
fn parses<T: miniserde::Deserialize>(object: &Value) {
    let text = object.to_string();
    assert!(miniserde::json::from_str::<T>(&text).is_ok(), "not a {}: {text}", std::any::type_name::<T>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_double_s_objects_have_stripe_s_shapes() {
    let pair = Pair::start();
    let id = pair.subscribe(TenantId::generate(), "team", "4242").await;
    pair.post("v1/customers", &[("name", "Ann"), ("metadata[k]", "v")]).await;
    let charge = pair.double.newest("charge").expect("paid")["id"].as_str().expect("an id").to_owned();
    pair.post("_test/dispute", &[("charge", &charge)]).await;
    pair.post("v1/refunds", &[("charge", &charge), ("amount", "100")]).await;
    let price = pair.double.newest("price").expect("seeded");
    let price_id = price["id"].as_str().expect("an id");
    let fields = [
        ("from_subscription", id.as_str()),
        ("phases[0][items][0][price]", price_id),
        ("phases[1][items][0][price]", price_id),
    ];
    let schedule = pair.post("v1/subscription_schedules", &fields).await;
    pair.post("v1/webhook_endpoints", &[("url", "http://127.0.0.1:9/"), ("enabled_events[]", "*")]).await;

    let newest = |kind: &str| pair.double.newest(kind).unwrap_or_else(|| panic!("no {kind}"));
    parses::<stripe_shared::Customer>(&newest("customer"));
    parses::<stripe_shared::Product>(&newest("product"));
    parses::<stripe_shared::Price>(&price);
    parses::<stripe_shared::Subscription>(&newest("subscription"));
    parses::<stripe_shared::SubscriptionSchedule>(&schedule);
    parses::<stripe_shared::Invoice>(&newest("invoice"));
    parses::<stripe_shared::Charge>(&newest("charge"));
    parses::<stripe_shared::Refund>(&newest("refund"));
    parses::<stripe_shared::Dispute>(&newest("dispute"));
    parses::<stripe_shared::CheckoutSession>(&newest("checkout.session"));
    for event in pair.double.events() {
        parses::<stripe_shared::Event>(&event);
    }
}
