//! Signing in through a tenant's own identity provider, against one that runs.

mod accounts;
mod configuration;
mod confinement;
mod refusals;

use gateway::settings::{GatewaySettings, QuotaSettings};
use serde_json::{Value, json};
use test_support::oidc::{CLIENT_ID, CLIENT_SECRET, OidcProvider, Person, Redirected};
use test_support::{Answer, TestApp};

use crate::support::{User, code, start_with, text};

const CONFIG: &str = "/api/v1/tenants/current/sign-in";
const START: &str = "/api/v1/auth/oidc/start";
const LINK: &str = "/api/v1/auth/oidc/link";
const CALLBACK: &str = "/api/v1/auth/oidc/callback";
const ORIGIN: &str = "https://app.example.com";
const PAGE: &str = "https://app.example.com/sign-in";

/// A gateway that may call the provider, and the provider.
pub(crate) async fn start() -> (TestApp, OidcProvider) {
    start_and(|_| {}).await
}

async fn start_and(change: impl FnOnce(&mut GatewaySettings)) -> (TestApp, OidcProvider) {
    let provider = OidcProvider::start();
    let app = start_with(|settings| {
        settings.cors.allowed_origins = ORIGIN.to_owned();
        settings.outbound.allow = vec!["127.0.0.1".to_owned()];
        settings.sign_in.resolver_url = provider.resolver_url();
        settings.sign_in.patience_millis = 2_000;
        settings.rate_limits.sign_in = QuotaSettings::new(0, 1);
        change(settings);
    })
    .await;
    (app, provider)
}

/// Sets the provider up for a tenant, with `more` in the request.
async fn configure(owner: &User, provider: &OidcProvider, more: Value) -> Answer {
    let mut body = json!({"issuer": provider.issuer(), "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    owner.patch(CONFIG, body).await
}

/// The same with `example.com` as a proven domain.
pub(crate) async fn configure_and_prove(owner: &User, provider: &OidcProvider, more: Value) {
    let mut body = json!({"domains": ["example.com"]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let set = configure(owner, provider, body).await;
    assert_eq!(set.status, 200, "{set:?}");
    let domain = &set.body["data"]["domains"][0];
    provider.publish(&text(&domain["recordName"]), &text(&domain["recordValue"]));
    let proven = owner.post(&format!("{CONFIG}/domains/verify"), json!({})).await;
    assert_eq!((proven.status, &proven.body["data"][0]["proven"]), (200, &json!(true)), "{proven:?}");
}

/// Sends a browser away to sign in to the tenant.
async fn begin(app: &TestApp, tenant: &str) -> Answer {
    app.anonymous().post(START, json!({"tenantId": tenant, "redirectUri": PAGE})).await
}

/// What the page posts when the browser is back.
fn brought_back(begun: &Answer, back: &Redirected) -> Value {
    json!({"code": back.code, "state": back.state, "flowToken": begun.body["data"]["flowToken"]})
}

/// Goes to the provider as somebody, and gives what the page posts.
async fn visit(provider: &OidcProvider, begun: &Answer, person: &Person) -> Value {
    assert_eq!(begun.status, 201, "{begun:?}");
    let back = provider.sign_in(&text(&begun.body["data"]["authorizationUrl"]), person).await;
    assert_eq!(back.page, PAGE);
    brought_back(begun, &back)
}

/// The whole way in.
pub(crate) async fn enter(app: &TestApp, provider: &OidcProvider, tenant: &str, person: &Person) -> Answer {
    let body = visit(provider, &begin(app, tenant).await, person).await;
    app.anonymous().post(CALLBACK, body).await
}

/// Links an account to somebody at the provider.
async fn link(app: &TestApp, provider: &OidcProvider, user: &User, person: &Person) -> Answer {
    let body = visit(provider, &user.post(LINK, json!({"redirectUri": PAGE})).await, person).await;
    app.anonymous().post(CALLBACK, body).await
}

/// Status, code and reason of a refusal.
fn reason(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, code(answer), answer.body["error"]["context"]["reason"].as_str().unwrap_or_default())
}
