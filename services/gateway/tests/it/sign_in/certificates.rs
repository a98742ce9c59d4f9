//! A provider behind TLS, whose certificate an authority of the company's own signed.

use gateway::settings::GatewaySettings;
use serde_json::json;
use test_support::TestApp;
use test_support::oidc::{OidcProvider, Person};
use test_support::tls::Authority;

use super::{ORIGIN, configure, configure_and_prove, enter};
use crate::support::{code, sign_up, start_with};

async fn start(provider: &OidcProvider, change: impl FnOnce(&mut GatewaySettings)) -> TestApp {
    start_with(|settings| {
        settings.cors.allowed_origins = ORIGIN.to_owned();
        settings.outbound.allow = vec!["127.0.0.1".to_owned(), "::1".to_owned()];
        settings.sign_in.resolver_url = provider.resolver_url();
        settings.sign_in.patience_millis = 5_000;
        change(settings);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_authority_is_trusted_where_the_settings_say_so() {
    let authority = Authority::generate();
    let provider = OidcProvider::start().behind(&authority).await;
    let file = authority.file();
    let app = start(&provider, |settings| settings.outbound.ca_file = Some(file)).await;
    let ann = sign_up(&app, "ann").await;
    assert!(provider.issuer().starts_with("https://localhost:"), "{}", provider.issuer());
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = enter(&app, &provider, &ann.tenant, &Person::new("c", "carl@example.com")).await;
    assert_eq!((carl.status, &carl.body["data"]["tenant"]["id"]), (200, &json!(ann.tenant)), "{carl:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_nowhere_else() {
    let provider = OidcProvider::start().behind(&Authority::generate()).await;
    let stranger = Authority::generate().file();
    for file in [None, Some(stranger)] {
        let app = start(&provider, |settings| settings.outbound.ca_file = file).await;
        let ann = sign_up(&app, "ann").await;
        let refused = configure(&ann, &provider, json!({})).await;
        assert!(matches!(refused.status, 422 | 502), "{refused:?}");
        assert!(["validation_failed", "identity_provider_unavailable"].contains(&code(&refused)), "{refused:?}");
        app.finish().await;
    }
}
