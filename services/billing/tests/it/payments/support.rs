//! A service that sells through the double, and what owners and the double's own buttons do.

use std::net::TcpListener;

use billing::{Billing, BillingSettings, PaymentsSettings};
use common::event::{Event, TenantDeleted};
use common::{Role, TenantId, UserId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use outbound::OutboundSettings;
use serde_json::{Value, json};
use sha2::Sha256;
use stripe_double::{Double, Seed};
use test_support::{Answer, Resources, TestApp, wait_until};
use web::Roles;

use crate::support::{created, event, now, settings, settle, status};

/// What signs webhooks.
pub(crate) const SECRET: &str = "whsec_of_the_test";
/// What signed them before.
pub(crate) const PREVIOUS_SECRET: &str = "whsec_of_yesterday";
/// Where browsers come back to.
pub(crate) const APP: &str = "https://app.example.com";
/// The way of the provider's webhooks.
pub(crate) const WEBHOOKS: &str = "/api/v1/billing/webhooks/stripe";

/// A service and the double that it sells through.
pub(crate) struct Paid {
    pub(crate) app: TestApp,
    pub(crate) double: Double,
    http: reqwest::Client,
}

/// Settings on the test's own parts, with the double as provider.
pub(crate) fn paid_settings(parts: &Resources, double: &Double) -> BillingSettings {
    BillingSettings {
        payments: PaymentsSettings {
            provider: "stripe".into(),
            api_base: Some(double.base().to_owned()),
            secret_key: Some("sk_test_of_the_test".to_owned().into()),
            webhook_secret: Some(SECRET.to_owned().into()),
            previous_webhook_secret: Some(PREVIOUS_SECRET.to_owned().into()),
            return_origins: APP.into(),
            reconcile_seconds: 0,
            usage_report_seconds: 1,
            ..PaymentsSettings::default()
        },
        outbound: OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() },
        ..settings(parts)
    }
}

/// A double with the prices of the built-in plans.
pub(crate) fn double() -> Double {
    let price = |name: &str, key: &str, minor, meter: Option<&str>| {
        (name.to_owned(), key.to_owned(), minor, "EUR".to_owned(), meter.map(str::to_owned))
    };
    let seed = Seed {
        prices: vec![
            price("Team", "verdict_team_monthly", 4_900, None),
            price("Business", "verdict_business_monthly", 49_900, None),
            price("Records", "verdict_business_records", 1, Some("verdict_records")),
        ],
        webhook: None,
    };
    Double::start(TcpListener::bind("127.0.0.1:0").expect("a free port"), &seed).expect("the double starts")
}

impl Paid {
    /// A service in all its roles that hears of everything.
    pub(crate) async fn start() -> Self {
        let paid = Self::start_as(Roles { api: true, worker: true }, |_| {}).await;
        paid.listen();
        paid
    }

    /// A service in some roles, with other settings, that hears of nothing yet.
    pub(crate) async fn start_as(roles: Roles, change: impl FnOnce(&mut BillingSettings)) -> Self {
        let double = double();
        let app = TestApp::start_as::<Billing>(roles, |parts| {
            let mut settings = paid_settings(parts, &double);
            change(&mut settings);
            settings
        })
        .await;
        Self {
            app,
            double,
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client"),
        }
    }

    /// Has the double send its webhooks here.
    pub(crate) fn listen(&self) {
        self.double.add_webhook(&format!("{}{WEBHOOKS}", self.app.base_url()), SECRET);
    }

    /// A tenant that the service has heard of.
    pub(crate) async fn tenant(&self) -> TenantId {
        let tenant = TenantId::generate();
        self.app.publish(&[created(tenant, UserId::generate())]).await;
        settle(&self.app).await;
        tenant
    }

    /// An owner's wish to subscribe.
    pub(crate) async fn session(&self, tenant: TenantId, plan: &str) -> Answer {
        let wish = json!({"planId": plan, "successUrl": format!("{APP}/done?session={{CHECKOUT_SESSION_ID}}"),
            "cancelUrl": format!("{APP}/plans")});
        self.app.caller(tenant, Role::Owner).post("/api/v1/billing/session", wish).await
    }

    /// Subscribes with a card, as a browser would; returns where it was sent.
    pub(crate) async fn subscribe(&self, tenant: TenantId, plan: &str, card: &str) -> String {
        let session = self.session(tenant, plan).await;
        assert_eq!(session.status, 201, "{session:?}");
        let url = session.body["url"].as_str().expect("a page");
        let page = self.http.get(url).send().await.expect("the page is there");
        assert!(page.text().await.expect("a page").contains("id=\"pay\""));
        let answer = self.http.post(url).form(&[("card", card)]).send().await.expect("the button works");
        answer.headers().get("location").map(|to| to.to_str().expect("a URL").to_owned()).unwrap_or_default()
    }

    /// Presses a button of the portal.
    pub(crate) async fn portal(&self, tenant: TenantId, fields: &[(&str, &str)]) {
        let path = format!("/api/v1/billing/portal?returnUrl={}", "https%3A%2F%2Fapp.example.com%2Fbilling");
        let link = self.app.caller(tenant, Role::Owner).get(&path).await;
        assert_eq!(link.status, 200, "{link:?}");
        let url = link.body["url"].as_str().expect("a page");
        let answer = self.http.post(url).form(fields).send().await.expect("the button works");
        assert_eq!(answer.status(), 200, "{fields:?}");
    }

    /// Has the double do what only its maker can.
    pub(crate) async fn act(&self, act: &str, fields: &[(&str, &str)]) -> Value {
        let url = format!("{}/_test/{act}", self.double.base());
        let answer = self.http.post(url).form(fields).send().await.expect("the double answers");
        assert_eq!(answer.status(), 200, "{act} {fields:?}");
        answer.json().await.expect("JSON")
    }

    /// A call of the double's API.
    pub(crate) async fn api(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self.http.request(method, format!("{}/v1/{path}", self.double.base())).form(fields);
        let answer = request.bearer_auth("sk_test_of_the_test").send().await.expect("the double answers");
        assert_eq!(answer.status(), 200, "{path} {fields:?}");
        answer.json().await.expect("JSON")
    }

    /// The double's newest subscription.
    pub(crate) fn subscription(&self) -> String {
        let newest = self.double.newest("subscription").expect("somebody subscribed");
        newest["id"].as_str().expect("an id").to_owned()
    }

    /// The id of the double's price.
    pub(crate) async fn price(&self, lookup_key: &str) -> String {
        let found = self.api("GET", &format!("prices?lookup_keys[]={lookup_key}"), &[]).await;
        found["data"][0]["id"].as_str().expect("a price").to_owned()
    }

    /// Waits until the tenant's status has these fields, and returns it.
    pub(crate) async fn until(&self, tenant: TenantId, fields: &[(&str, Value)]) -> Value {
        wait_until(&format!("the status is {fields:?}"), async || {
            let found = status(&self.app, tenant).await;
            fields.iter().all(|(field, value)| &found[field] == value).then_some(found)
        })
        .await
    }

    /// Waits until everything that was received is handled.
    pub(crate) async fn handled(&self) {
        wait_until("every event is handled", async || {
            (self.app.count("provider_events WHERE state = 'pending'").await == 0).then_some(())
        })
        .await;
    }

    /// Waits until everything that the double made has come here and is handled.
    pub(crate) async fn drained(&self) {
        wait_until("every event has come", async || {
            let sent = i64::try_from(self.double.events().len()).expect("a few");
            (self.app.count("provider_events").await >= sent).then_some(())
        })
        .await;
        self.handled().await;
    }

    /// The tenant's billing log, the newest first.
    pub(crate) async fn log(&self, tenant: TenantId) -> Vec<Value> {
        let answer = self.app.caller(tenant, Role::Owner).get("/api/v1/billing/events?limit=200").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body.as_array().expect("a list").clone()
    }

    /// Sends a webhook that is signed now.
    pub(crate) async fn send(&self, event: &Value) -> Answer {
        let body = event.to_string();
        self.send_signed(&sign(SECRET, now().timestamp(), body.as_bytes()), body.as_bytes()).await
    }

    /// Sends a webhook with a signature of the test's own.
    pub(crate) async fn send_signed(&self, signature: &str, body: &[u8]) -> Answer {
        let headers = [("stripe-signature", signature), ("content-type", "application/json")];
        self.app.anonymous().send_raw("POST", WEBHOOKS, &headers, body.to_vec()).await
    }

    /// Ends the test: nothing may be left over.
    pub(crate) async fn finish(self) {
        self.double.stop().await;
        self.app.finish().await;
    }
}

/// A signature header.
pub(crate) fn sign(secret: &str, time: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// The tenant was deleted.
pub(crate) fn deleted(tenant: TenantId) -> Event {
    event(tenant, now(), &TenantDeleted { tenant_id: tenant, name: "acme".into() })
}
