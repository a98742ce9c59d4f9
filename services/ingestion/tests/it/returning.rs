//! Browsers that are sent to a provider and back: to where they came from, and by nobody else's hand.

use common::{Role, TenantId};
use ingestion::{Ingestion, IntakeSettings};
use outbound::OutboundSettings;
use serde_json::{Value, json};
use test_support::provider::{Provider, SECRET};
use test_support::{Client, TestApp};

use crate::pulling::{CALLBACK, create, run_with, start_pulling};
use crate::settings;

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_sent_back_to_where_it_came_from() {
    let app = start_pulling().await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    let id = own.rsplit('/').next().expect("an id");
    for path in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let refused = admin.post(&format!("{own}/oauth/authorize"), json!({"returnPath": path})).await;
        assert_eq!(refused.status, 422, "{path} {refused:?}");
        assert_eq!(refused.body["context"]["fields"][0]["path"], "returnPath", "{refused:?}");
    }
    // Without following, as the test's client would.
    let browser =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("one");
    let call = async |query: &str, cookie: &str| {
        let url = format!("{}{CALLBACK}?{query}", app.base_url());
        browser.get(url).header("cookie", cookie).send().await.expect("an answer")
    };
    let follow = async |query: String, cookie: &str| {
        let answer = call(&query, cookie).await;
        assert_eq!(answer.status(), 303);
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        assert!(header("set-cookie").contains("Max-Age=0"), "{}", header("set-cookie"));
        header("location")
    };
    let body = json!({"clientSecret": SECRET, "returnPath": "/sources?tab=pulls"});
    let back = format!("https://verdict.example/sources?tab=pulls&integrationId={id}");
    let (_, state, cookie) = begin(&admin, &own, &provider, &body, "k-1").await;
    let refused = follow(format!("error=access_denied&state={state}"), &cookie).await;
    assert_eq!(refused, format!("{back}&error=oauth_refused"));

    // Somebody else's browser connects nothing, whatever it shows; nor does one's own with what was for another attempt.
    let (_, _, other) = begin(&admin, &own, &provider, &body, "k-2").await;
    let content = other.split_once('=').expect("a pair").1;
    for forged in [String::new(), other.clone(), "verdict-oauth-0=x".into()] {
        let (code, state, own_cookie) = begin(&admin, &own, &provider, &body, &format!("k-{forged}")).await;
        let name = own_cookie.split_once('=').expect("a pair").0;
        let shown = if forged.is_empty() { forged } else { format!("{forged}; {name}={content}") };
        let answer = call(&format!("code={code}&state={state}"), &shown).await;
        assert_eq!(answer.status(), 400);
        let told: Value = answer.json().await.expect("JSON");
        let code = (&told["code"], &told["context"]["reason"]);
        assert_eq!(code, (&json!("oauth_state_invalid"), &json!("another_browser")), "{told}");
    }
    assert_eq!(app.count("oauth_tokens").await, 0);

    let (code, state, cookie) = begin(&admin, &own, &provider, &body, "k-3").await;
    let done = follow(format!("code={code}&state={state}"), &format!("theme=dark; {cookie}")).await;
    assert_eq!(done, format!("{back}&connected=true"));
    run_with(&admin, &own, "completed").await;
    let spent = app.anonymous().get(&format!("{CALLBACK}?code={code}&state={state}")).await;
    assert_eq!((spent.status, spent.body["code"].as_str()), (400, Some("oauth_state_invalid")), "{spent:?}");
    app.finish().await;
}

/// Begins an authorisation twice, as a browser whose first answer got lost: code, state, and the cookie.
async fn begin(admin: &Client, own: &str, provider: &Provider, body: &Value, key: &str) -> (String, String, String) {
    let path = format!("{own}/oauth/authorize");
    let send = async || admin.send("POST", &path, &[("idempotency-key", key)], Some(body.clone())).await;
    let (first, again) = (send().await, send().await);
    assert_eq!((first.status, &first.body), (200, &again.body), "{first:?}");
    let cookie = |answer: &test_support::Answer| answer.header("set-cookie").expect("a cookie").to_owned();
    let (set, set_again) = (cookie(&first), cookie(&again));
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/api/v1/integrations/oauth/callback", "Max-Age=600"] {
        assert!(set.contains(attribute), "{set}");
    }
    let name = |set: &str| set.split_once('=').expect("a pair").0.to_owned();
    assert_eq!(name(&set), name(&set_again));
    let (code, state) = provider.agree(first.body["authorizationUrl"].as_str().expect("a URL"));
    // The cookie of either answer will do.
    (code, state, set_again.split(';').next().expect("a pair").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_may_insist_on_the_browser_that_began() {
    let app = TestApp::start::<Ingestion>(|resources| {
        let mut settings = settings(resources, IntakeSettings::default());
        settings.outbound = OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() };
        settings.pull.same_browser = true;
        settings
    })
    .await;
    let (provider, admin) = (Provider::start(1).await, app.caller(TenantId::generate(), Role::Admin));
    let own = create(&admin, &provider).await;
    let body = json!({"clientSecret": SECRET});
    let (code, state, _) = begin(&admin, &own, &provider, &body, "k-1").await;
    let elsewhere = app.anonymous().get(&format!("{CALLBACK}?code={code}&state={state}")).await;
    assert_eq!((elsewhere.status, &elsewhere.body["context"]["reason"]), (400, &json!("another_browser")));
    let (code, state, cookie) = begin(&admin, &own, &provider, &body, "k-2").await;
    let path = format!("{CALLBACK}?code={code}&state={state}");
    let here = app.anonymous().send("GET", &path, &[("cookie", &cookie)], None).await;
    assert_eq!((here.status, &here.body["status"]), (200, &json!("connected")), "{here:?}");
    app.finish().await;
}
