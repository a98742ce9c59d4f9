//! Whatever the provider or a browser does wrong is refused, told to the owners, and leaves nothing behind.

use serde_json::{Value, json};
use test_support::oidc::{Fault, OidcProvider, Person};
use test_support::wait_until;

use super::{
    CALLBACK, CONFIG, PAGE, START, begin, brought_back, configure, configure_and_prove, enter, reason, start, visit,
};
use crate::support::{code, sign_up, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_not_asked_for_lets_nobody_in() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let faults = [
        (Fault::WrongNonce, "token_nonce"),
        (Fault::NoNonce, "token_nonce"),
        (Fault::WrongIssuer, "token_issuer"),
        (Fault::WrongAudience, "token_audience"),
        (Fault::OtherParty, "token_audience"),
        (Fault::Expired, "token_expired"),
        (Fault::FromTheFuture, "token_issued_at"),
        (Fault::WrongAccessToken, "token_at_hash"),
        (Fault::AlgorithmNone, "token_algorithm"),
        (Fault::SignedWithTheSecret, "token_algorithm"),
        (Fault::TokenIsNoToken, "token_algorithm"),
        (Fault::BrokenSignature, "token_signature"),
        (Fault::UnknownKey, "token_key"),
        (Fault::NoIdToken, "token_malformed"),
        (Fault::ClientRefused, "client"),
    ];
    for (fault, expected) in faults {
        provider.fail(fault);
        let refused = enter(&app, &provider, &ann.tenant, &carl).await;
        assert_eq!(reason(&refused), (401, "sign_in_failed", expected), "{fault:?}: {refused:?}");
        assert!(!refused.body.to_string().contains("error_description"), "what the provider says stays there");
    }
    let told = wait_until("each refusal is told", async || {
        let told = app.events_of("SIGN_IN_REFUSED").await;
        (told.len() == faults.len()).then_some(told)
    })
    .await;
    let reasons: Vec<String> = told
        .iter()
        .map(|event| text(&serde_json::from_str::<Value>(event.data.get()).expect("JSON")["reason"]))
        .collect();
    assert_eq!(reasons, faults.map(|(_, reason)| reason));
    provider.fail(Fault::TokenRefused);
    let refused = enter(&app, &provider, &ann.tenant, &carl).await;
    assert_eq!(reason(&refused), (401, "sign_in_failed", "code"), "{refused:?}");
    wait_until("nothing waits to be told", async || (app.count("outbox").await == 0).then_some(())).await;
    assert_eq!(app.events_of("SIGN_IN_REFUSED").await.len(), faults.len(), "anybody can make a code up");
    assert_eq!((app.count("users").await, app.count("sign_in_identities").await), (1, 0));
    assert_eq!((app.count("sign_in_flows").await, app.count("sessions WHERE confined").await), (0, 0));
    provider.fail(None);
    assert_eq!(enter(&app, &provider, &ann.tenant, &carl).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_or_slow_is_no_fault_of_the_caller() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    for fault in [Fault::TokenFails, Fault::TokenNeverAnswers] {
        provider.fail(fault);
        let failed = enter(&app, &provider, &ann.tenant, &carl).await;
        assert_eq!((failed.status, code(&failed)), (502, "identity_provider_unavailable"), "{fault:?}: {failed:?}");
        assert_eq!(failed.header("retry-after"), Some("5"));
    }
    assert!(app.events_of("SIGN_IN_REFUSED").await.is_empty(), "nobody was refused");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_had_let_nobody_in() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    provider.fail(Fault::KeysFail);
    let refused = configure(&ann, &provider, json!({})).await;
    assert_eq!((refused.status, code(&refused)), (502, "identity_provider_unavailable"), "{refused:?}");
    provider.fail(None);
    configure_and_prove(&ann, &provider, json!({})).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn state_counts_once_in_time_and_in_the_browser_that_began() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let mine = begin(&app, &ann.tenant).await;
    let theirs = begin(&app, &ann.tenant).await;
    let body = visit(&provider, &mine, &carl).await;

    // Another browser has another token, and what it brings spends nothing.
    let mut stolen = body.clone();
    stolen["flowToken"] = theirs.body["data"]["flowToken"].clone();
    let refused = app.anonymous().post(CALLBACK, stolen).await;
    assert_eq!(reason(&refused), (401, "sign_in_failed", "state"), "{refused:?}");
    let mut forged = body.clone();
    forged["state"] = json!("vs_made-up");
    assert_eq!(reason(&app.anonymous().post(CALLBACK, forged).await), (401, "sign_in_failed", "state"));
    assert_eq!(app.anonymous().post(CALLBACK, body.clone()).await.status, 200);
    assert_eq!(reason(&app.anonymous().post(CALLBACK, body.clone()).await), (401, "sign_in_failed", "state"));

    // A code of one sign-in in another one: PKCE does not fit, and the code is spent.
    let other = visit(&provider, &begin(&app, &ann.tenant).await, &carl).await;
    let third = begin(&app, &ann.tenant).await;
    let mut mixed = visit(&provider, &third, &carl).await;
    mixed["code"] = other["code"].clone();
    assert_eq!(reason(&app.anonymous().post(CALLBACK, mixed).await), (401, "sign_in_failed", "code"));
    assert_eq!(reason(&app.anonymous().post(CALLBACK, other).await), (401, "sign_in_failed", "code"), "spent");

    let late = visit(&provider, &begin(&app, &ann.tenant).await, &carl).await;
    app.owner_sql("UPDATE sign_in_flows SET expires_at = now()").await;
    assert_eq!(reason(&app.anonymous().post(CALLBACK, late).await), (401, "sign_in_failed", "state"));
    for bad in [json!({}), json!({"code": "", "state": "s", "flowToken": "f"}), json!({"code": "c", "state": "s"})] {
        let answer = app.anonymous().post(CALLBACK, bad).await;
        assert_eq!((answer.status, code(&answer)), (422, "validation_failed"), "{answer:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_verified_addresses_of_proven_domains_make_accounts() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let set = configure(&ann, &provider, json!({"domains": ["example.com"]})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let early = enter(&app, &provider, &ann.tenant, &carl).await;
    assert_eq!(reason(&early), (403, "sign_in_refused", "domain"), "named, and not proven: {early:?}");
    let domain = &set.body["data"]["domains"][0];
    provider.publish(&text(&domain["recordName"]), &text(&domain["recordValue"]));
    assert_eq!(ann.post(&format!("{CONFIG}/domains/verify"), json!({})).await.status, 200);
    let people = [
        (Person { email_verified: json!(false), ..carl.clone() }, "email_unverified"),
        (Person { email_verified: json!("yes"), ..carl.clone() }, "email_unverified"),
        (Person { email: None, ..carl.clone() }, "email_unverified"),
        (Person::new("x", "carl"), "email_unverified"),
        (Person::new("x", "carl@sub.example.com"), "domain"),
        (Person::new("x", "carl@example.com.evil.example"), "domain"),
        (Person::new("x", "carl@elsewhere.example"), "domain"),
    ];
    for (person, expected) in people {
        let refused = enter(&app, &provider, &ann.tenant, &person).await;
        assert_eq!(reason(&refused), (403, "sign_in_refused", expected), "{person:?}: {refused:?}");
    }
    assert_eq!(app.count("users").await, 1);
    assert_eq!(enter(&app, &provider, &ann.tenant, &carl).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_sent_from_listed_pages_to_enabled_providers_only() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let none = begin(&app, &ann.tenant).await;
    assert_eq!((none.status, code(&none)), (404, "not_found"), "{none:?}");
    let nobody = begin(&app, "0190a000-0000-7000-8000-000000000000").await;
    assert_eq!((nobody.status, &nobody.body["error"]), (404, &none.body["error"]), "as if there were no such tenant");
    assert_eq!(configure(&ann, &provider, json!({"enabled": false})).await.status, 200);
    assert_eq!(begin(&app, &ann.tenant).await.status, 404, "not while it is off");
    assert_eq!(ann.patch(CONFIG, json!({"enabled": true})).await.status, 200);
    for page in
        ["https://evil.example/", "https://app.example.com.evil.example/", "/sign-in", "", "https://app.example.com/#x"]
    {
        for (path, user) in [(START, None), (super::LINK, Some(&ann))] {
            let body = match user {
                None => json!({"tenantId": ann.tenant, "redirectUri": page}),
                Some(_) => json!({"redirectUri": page}),
            };
            let refused = match user {
                None => app.anonymous().post(path, body).await,
                Some(user) => user.post(path, body).await,
            };
            assert_eq!((refused.status, code(&refused)), (422, "validation_failed"), "{path} {page}: {refused:?}");
            assert_eq!(refused.body["error"]["context"]["fields"][0]["rule"], "redirect", "{page}");
        }
    }
    let bare = app.anonymous().post(START, json!({"redirectUri": PAGE})).await;
    assert_eq!((bare.status, code(&bare)), (422, "validation_failed"));
    assert_eq!(app.count("sign_in_flows").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_two_providers_and_no_way_across() {
    let (app, one) = start().await;
    let two = OidcProvider::start();
    let (ann, bob) = (sign_up(&app, "ann").await, sign_up(&app, "bob").await);
    configure_and_prove(&ann, &one, json!({})).await;
    assert_eq!(configure(&bob, &two, json!({"domains": ["example.com"]})).await.status, 200);
    app.owner_sql("UPDATE sign_in_domains SET proven_at = now()").await;
    // The same subject and address at both: two people, as far as anybody knows.
    let carl = Person::new("the-same", "carl@example.com");
    let inside = enter(&app, &one, &ann.tenant, &carl).await;
    assert_eq!((inside.status, &inside.body["data"]["tenant"]["id"]), (200, &json!(ann.tenant)), "{inside:?}");
    let other = enter(&app, &two, &bob.tenant, &carl).await;
    assert_eq!((other.status, code(&other)), (409, "account_link_required"), "{other:?}");

    // What one provider gave, brought back for the other's tenant.
    let for_bob = begin(&app, &bob.tenant).await;
    let at_one = one.sign_in(&text(&begin(&app, &ann.tenant).await.body["data"]["authorizationUrl"]), &carl).await;
    let at_two = two.sign_in(&text(&for_bob.body["data"]["authorizationUrl"]), &carl).await;
    let mut mixed = brought_back(&for_bob, &at_two);
    mixed["code"] = json!(at_one.code);
    let refused = app.anonymous().post(CALLBACK, mixed).await;
    assert_eq!(reason(&refused), (401, "sign_in_failed", "code"), "{refused:?}");

    // A stranger's tenant with the same provider and client still knows nobody of the first one's.
    let eve = sign_up(&app, "eve").await;
    assert_eq!(configure(&eve, &one, json!({})).await.status, 200);
    let refused = enter(&app, &one, &eve.tenant, &carl).await;
    assert_eq!(reason(&refused), (403, "sign_in_refused", "domain"), "{refused:?}");
    app.finish().await;
}
