//! A plan from the first refusal to the payment, through all six services and a double of the provider: the webhook
//! passes the gateway untouched, and what it says is enforced where the work is.

use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};
use stripe_double::{Double, Seed};
use test_support::{Stack, wait_until};

use crate::api::Api;

const SECRET: &str = "whsec_of_the_flow";
const APP: &str = "https://app.example.com";

/// Two plans, the free one so small that a test fills it.
fn plans() -> Value {
    let plan = |id: &str, price: u64, records: u64| {
        json!({"id": id, "name": id, "priceMinor": price, "currency": "EUR", "interval": "month", "hardLimitPercent": 100,
            "entitlements": {"recordsPerMonth": records, "seats": records, "integrations": records,
                "modelCalls": 10, "retentionDays": 30, "fileBytes": 1_000_000}})
    };
    let mut team = plan("team", 4_900, 1_000);
    team["priceRef"] = json!("team_monthly");
    json!({"plans": [plan("free", 0, 2), team]})
}

async fn start(double: &Double, file: &Path) -> Stack {
    std::fs::write(file, plans().to_string()).expect("a writable folder");
    let settings = [
        ("VERDICT__PLANS__FILE", file.display().to_string()),
        ("VERDICT__PAYMENTS__PROVIDER", "stripe".to_owned()),
        ("VERDICT__PAYMENTS__API_BASE", double.base().to_owned()),
        ("VERDICT__PAYMENTS__SECRET_KEY", "sk_test_flow".to_owned()),
        ("VERDICT__PAYMENTS__WEBHOOK_SECRET", SECRET.to_owned()),
        ("VERDICT__PAYMENTS__RETURN_ORIGINS", APP.to_owned()),
        ("VERDICT__OUTBOUND__ALLOW", "127.0.0.1".to_owned()),
    ];
    let own = settings.into_iter().map(|(name, value)| ("billing", name, value)).collect();
    Stack::start_configured(Vec::new(), own).await
}

/// A double that sells the plan.
fn seller() -> Double {
    let price = ("Team".to_owned(), "team_monthly".to_owned(), 4_900, "EUR".to_owned(), None);
    let seed = Seed { prices: vec![price], webhook: None };
    Double::start(TcpListener::bind("127.0.0.1:0").expect("a free port"), &seed).expect("it starts")
}

fn wish() -> Value {
    json!({"planId": "team", "successUrl": format!("{APP}/done"), "cancelUrl": format!("{APP}/plans")})
}

/// Presses the button of a session's page; where the browser is sent.
async fn pay(session: &Value) -> String {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let page = session["url"].as_str().expect("a page");
    let paid = browser.post(page).form(&[("card", "4242")]).send().await.expect("the button works");
    paid.headers()["location"].to_str().expect("a URL").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn billing_may_die_again_and_again_while_a_subscription_changes() {
    let double = seller();
    let file = std::env::temp_dir().join(format!("plans-{}.json", common::TenantId::generate()));
    let mut stack = start(&double, &file).await;
    double.add_webhook(&format!("{}/api/v1/billing/webhooks/stripe", stack.gateway()), SECRET);
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    let session = owner.post("/billing/session", wish()).await.expect(201);
    pay(&session).await;
    let subscription = double.newest("subscription").expect("somebody subscribed")["id"].clone();
    let subscription = subscription.as_str().expect("an id");

    // An odd number of changes, so that the last one leaves the subscription to be cancelled.
    let provider = reqwest::Client::new();
    let change = async |round: usize| {
        let cancel = if round.is_multiple_of(2) { "true" } else { "false" };
        let request = provider.post(format!("{}/v1/subscriptions/{subscription}", double.base()));
        let request = request.bearer_auth("sk_test_flow").form(&[("cancel_at_period_end", cancel)]);
        assert_eq!(request.send().await.expect("the double answers").status(), 200);
    };
    for round in 0..25 {
        change(round).await;
        if round % 6 == 3 {
            stack.kill("billing").await;
            change(round + 1).await;
            stack.restart("billing").await;
        }
    }
    change(0).await;

    let told = || double.events().into_iter().filter(|event| event["type"] == "customer.subscription.updated");
    let expected = told().count();
    assert!(expected >= 25, "every change is an event: {expected}");
    let status = wait_until("the last change has come through", async || {
        let status = owner.get("/billing/status").await;
        let status = (status.status == 200).then(|| status.body["data"].clone())?;
        (status["plan"] == "team" && status["cancelAtPeriodEnd"] == true).then_some(status)
    })
    .await;
    assert_eq!(status["status"], "active");
    // What waits for the provider's next try may still come; each event is in the log once in the end.
    wait_until("every event is in the log, once", async || {
        let log = owner.get("/billing/events?limit=200").await.expect(200);
        let mut seen: Vec<&str> =
            log.as_array()?.iter().filter_map(|entry| entry["providerEventId"].as_str()).collect();
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all, "no event is logged twice");
        told().all(|event| event["id"].as_str().is_some_and(|id| seen.contains(&id))).then_some(())
    })
    .await;
    let settled = owner.get("/billing/status").await.expect(200);
    assert_eq!(settled["cancelAtPeriodEnd"], true, "late events moved nothing backwards");
    std::fs::remove_file(&file).expect("it is there");
    double.stop().await;
    stack.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_used_up_the_free_plan_pays_and_goes_on() {
    let double = seller();
    let file = std::env::temp_dir().join(format!("plans-{}.json", common::TenantId::generate()));
    let stack = start(&double, &file).await;
    double.add_webhook(&format!("{}/api/v1/billing/webhooks/stripe", stack.gateway()), SECRET);
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    owner.prepare().await;

    // The plan is told within a moment of the sign-up; until then nothing is refused.
    let refused = wait_until("the free plan is used up", async || {
        let answer = owner.post("/records", json!({"raw": "one more"})).await;
        (answer.status == 402).then_some(answer)
    })
    .await;
    assert_eq!(refused.code(), "quota_exceeded");
    let context = &refused.body["error"]["context"];
    assert_eq!((&context["plan"], &context["limit"]), (&json!("free"), &json!(2)));
    let invite = async |name: &str| {
        let body = json!({"email": format!("{name}@example.com"), "role": "analyst"});
        owner.post("/tenants/current/invites", body).await
    };
    assert_eq!(invite("bob").await.status, 201);
    assert_eq!(invite("cid").await.code(), "quota_exceeded", "the owner and an invite take both seats");

    let session = owner.post("/billing/session", wish()).await.expect(201);
    assert_eq!(pay(&session).await, format!("{APP}/done"));
    let status = wait_until("the payment has come through", async || {
        let status = owner.get("/billing/status").await.expect(200);
        (status["plan"] == "team" && status["status"] == "active").then_some(status)
    })
    .await;
    assert_eq!(status["provider"], "stripe");
    wait_until("records are taken again", async || {
        (owner.post("/records", json!({"raw": "and on"})).await.status == 202).then_some(())
    })
    .await;
    wait_until("and people", async || matches!(invite("cid").await.status, 200 | 201).then_some(())).await;
    wait_until("the tenant shows its plan", async || {
        (owner.get("/tenants/current").await.expect(200)["plan"] == "team").then_some(())
    })
    .await;
    wait_until("usage is counted", async || {
        let usage = owner.get("/billing/status").await.expect(200)["usage"].clone();
        (usage["records"].as_u64() >= Some(3) && usage["seats"] == 1).then_some(())
    })
    .await;

    let forged = owner.post("/billing/webhooks/stripe", json!({"id": "evt_forged"})).await;
    assert_eq!((forged.status, forged.code()), (401, "invalid_signature"));
    assert_eq!(owner.post("/billing/webhooks/paypal", json!({})).await.status, 404);
    std::fs::remove_file(&file).expect("it is there");
    double.stop().await;
    stack.finish().await;
}
