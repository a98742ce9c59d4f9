//! `POST /billing/session` and `GET /billing/portal`: who gets a link to what.

use common::event::CheckoutStarted;
use common::{Role, TenantId};
use serde_json::{Value, json};

use super::support::{APP, Paid};

fn wish(plan: &str) -> Value {
    json!({"planId": plan, "successUrl": format!("{APP}/done"), "cancelUrl": format!("{APP}/plans")})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_leads_to_the_provider_s_page_and_the_customer_is_made_once() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    let first = paid.session(tenant, "team").await;
    assert_eq!((first.status, &first.body["provider"]), (201, &json!("stripe")), "{first:?}");
    assert!(first.body["url"].as_str().is_some_and(|url| url.starts_with(paid.double.base())));
    assert!(first.body["expiresAt"].is_string());
    let session = paid.double.newest("checkout.session").expect("made");
    assert_eq!(session["client_reference_id"], json!(tenant.to_string()));
    assert_eq!(session["double"]["metadata"]["verdict_tenant"], json!(tenant.to_string()));
    assert_eq!(session["double"]["trial_days"], 14);

    let second = paid.session(tenant, "business").await;
    assert_eq!(second.status, 201, "{second:?}");
    let again = paid.double.newest("checkout.session").expect("made");
    assert_eq!(again["customer"], session["customer"], "the customer is reused");
    assert_eq!(paid.app.count("customers").await, 1);
    let told: CheckoutStarted = paid.app.wait_for_event("CHECKOUT_STARTED").await.decode().expect("its shape");
    assert_eq!((told.tenant_id, told.plan.as_str(), told.provider.as_str()), (tenant, "team", "stripe"));
    let log = paid.log(tenant).await;
    let begun = log.iter().find(|entry| entry["type"] == "CHECKOUT_STARTED").expect("it is in the log");
    assert_eq!(begun["outcome"], "noted");
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_first_page_again() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    let owner = paid.app.caller(tenant, Role::Owner);
    let keyed = [("idempotency-key", "once")];
    let send = async |plan: &str| owner.send("POST", "/api/v1/billing/session", &keyed, Some(wish(plan))).await;
    let (first, second) = (send("team").await, send("team").await);
    assert_eq!((first.status, second.status), (201, 201), "{second:?}");
    assert_eq!((first.body, second.header("idempotent-replayed")), (second.body.clone(), Some("true")));
    assert_eq!(send("business").await.body["code"], "idempotency_key_reused");
    paid.app.wait_for_event("CHECKOUT_STARTED").await;
    assert_eq!(paid.app.events_of("CHECKOUT_STARTED").await.len(), 1);
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_sent_back_to_allowed_origins_only() {
    let paid = Paid::start().await;
    let tenant = paid.tenant().await;
    let owner = paid.app.caller(tenant, Role::Owner);
    for bad in ["https://evil.example/", "http://app.example.com/", "https://app.example.com@evil.example/"] {
        let mut body = wish("team");
        body["successUrl"] = json!(bad);
        let answer = owner.post("/api/v1/billing/session", body).await;
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("validation_failed")), "{bad}");
        assert_eq!(answer.body["context"]["fields"][0]["rule"], "origin", "{answer:?}");
        let encoded: String = bad.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let portal = owner.get(&format!("/api/v1/billing/portal?returnUrl={encoded}")).await;
        assert_eq!((portal.status, &portal.body["context"]["field"]), (400, &json!("returnUrl")), "{bad}");
    }
    for (plan, rule) in [("gold", "unknown_plan"), ("free", "not_for_sale")] {
        let answer = owner.post("/api/v1/billing/session", wish(plan)).await;
        assert_eq!((answer.status, &answer.body["context"]["fields"][0]["rule"]), (422, &json!(rule)));
    }
    assert!(paid.double.newest("checkout.session").is_none());
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_subscribes_is_sent_to_the_portal_and_only_to_their_own() {
    let paid = Paid::start().await;
    let (ours, theirs) = (paid.tenant().await, paid.tenant().await);
    let portal = "/api/v1/billing/portal?returnUrl=https%3A%2F%2Fapp.example.com%2F";
    let early = paid.app.caller(ours, Role::Owner).get(portal).await;
    assert_eq!((early.status, &early.body["code"]), (409, &json!("no_billing_customer")));
    let to = paid.subscribe(ours, "business", "4242").await;
    assert!(to.starts_with(&format!("{APP}/done?session=cs_test_")), "{to}");
    paid.until(ours, &[("plan", json!("business")), ("status", json!("active"))]).await;

    let again = paid.session(ours, "team").await;
    assert_eq!((again.status, &again.body["code"]), (409, &json!("already_subscribed")));
    let link = paid.app.caller(ours, Role::Owner).get(portal).await;
    assert_eq!(link.status, 200, "{link:?}");
    let session = paid.double.newest("billing_portal.session").expect("made");
    assert_eq!(session["customer"], paid.double.object(&paid.subscription()).expect("made")["customer"]);
    let stranger = paid.app.caller(theirs, Role::Owner).get(portal).await;
    assert_eq!(stranger.body["code"], "no_billing_customer", "another tenant's customer cannot be reached");
    assert_eq!(paid.app.caller(TenantId::generate(), Role::Owner).get(portal).await.status, 409);
    paid.drained().await;
    paid.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_reached_or_refuses_is_told_from_a_defect() {
    let paid = Paid::start_as(web::Roles { api: true, worker: true }, |settings| {
        settings.payments.api_base = Some("http://127.0.0.1:9".into());
    })
    .await;
    let tenant = paid.tenant().await;
    let answer = paid.session(tenant, "team").await;
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("payment_provider_unavailable")), "{answer:?}");
    assert_eq!(paid.app.count("customers").await, 0);
    paid.finish().await;

    let paid = Paid::start_as(web::Roles { api: true, worker: true }, |settings| {
        settings.payments.secret_key = Some("no key of the double".to_owned().into());
    })
    .await;
    let tenant = paid.tenant().await;
    let answer = paid.session(tenant, "team").await;
    assert_eq!((answer.status, &answer.body["code"]), (502, &json!("payment_provider_refused")), "{answer:?}");
    assert!(!answer.body.to_string().contains("no key"), "what the provider says is not passed on");
    paid.finish().await;
}
