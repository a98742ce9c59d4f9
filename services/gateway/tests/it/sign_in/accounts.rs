//! Who somebody at the provider is here: made at their first visit, linked by their person, never found by an address.

use serde_json::json;
use test_support::oidc::{Fault, Person, SigningAlgorithm};
use test_support::wait_until;

use super::{CALLBACK, CONFIG, PAGE, START, begin, configure, configure_and_prove, enter, link, reason, start, visit};
use crate::support::{PASSWORD, User, code, mailed_token, member, sign_up, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_comes_in_and_comes_back() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({"defaultRole": "reviewer"})).await;
    let carl = Person::new("carl-at-idp", "Carl@Example.com");

    let begun = begin(&app, &ann.tenant).await;
    let url = text(&begun.body["data"]["authorizationUrl"]);
    for secret in ["code_verifier", "client_secret", &text(&begun.body["data"]["flowToken"])] {
        assert!(!url.contains(secret), "{url}");
    }
    let body = visit(&provider, &begun, &carl).await;
    let key = [("idempotency-key", "once")];
    let first = app.anonymous().send("POST", CALLBACK, &key, Some(body.clone())).await;
    assert_eq!(first.status, 200, "{first:?}");
    let data = &first.body["data"];
    assert_eq!((&data["role"], &data["tenant"]["id"]), (&json!("reviewer"), &json!(ann.tenant)));
    assert_eq!(data["user"]["email"], "carl@example.com");
    let replayed = app.anonymous().send("POST", CALLBACK, &key, Some(body.clone())).await;
    assert_eq!((replayed.header("idempotent-replayed"), &replayed.body["data"]), (Some("true"), data), "{replayed:?}");
    let other_code = json!({"code": "x", "state": body["state"], "flowToken": body["flowToken"]});
    let other = app.anonymous().send("POST", CALLBACK, &key, Some(other_code)).await;
    assert_eq!((other.status, code(&other)), (422, "idempotency_key_reused"));
    let spent = app.anonymous().post(CALLBACK, body).await;
    assert_eq!(reason(&spent), (401, "sign_in_failed", "state"), "{spent:?}");

    let inside = User::signed_in(&app, &first);
    assert_eq!(inside.get("/api/v1/records").await.status, 200);
    let refreshed = app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": inside.refresh_token})).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let stored = format!("idempotency_keys WHERE body::text LIKE '%{}%'", inside.refresh_token);
    assert_eq!(app.count(&stored).await, 0, "kept answers are sealed");

    // The same person under another address and name is the same account, whatever the domain.
    let again = Person { email: Some("carl@elsewhere.example".into()), ..Person::new("carl-at-idp", "x@example.com") };
    let back = enter(&app, &provider, &ann.tenant, &again).await;
    assert_eq!((back.status, &back.body["data"]["user"]["id"]), (200, &json!(inside.id)), "{back:?}");
    assert_eq!(app.count("users").await, 2);
    let joined = app.wait_for_event("SIGN_IN_LINKED").await;
    assert!(joined.data.get().contains("first_sign_in") && joined.actor.id == inside.id, "{joined:?}");
    wait_until("both memberships are told", async || (app.events_of("MEMBER_JOINED").await.len() == 2).then_some(()))
        .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_never_taken_by_its_address() {
    let (app, provider) = start().await;
    let (ann, bob) = (sign_up(&app, "ann").await, sign_up(&app, "bob").await);
    configure_and_prove(&ann, &provider, json!({})).await;
    // Ann's provider says that it is Bob, who has an account and a tenant of his own.
    let claimed = Person::new("whoever", "bob@example.com");
    let refused = enter(&app, &provider, &ann.tenant, &claimed).await;
    assert_eq!((refused.status, code(&refused)), (409, "account_link_required"), "{refused:?}");
    let own = enter(&app, &provider, &ann.tenant, &Person::new("ann-at-idp", "ann@example.com")).await;
    assert_eq!(code(&own), "account_link_required", "not even the owner's own");
    assert_eq!(app.count(&format!("memberships WHERE user_id = '{}'", bob.id)).await, 1);
    assert_eq!(app.count("sign_in_identities").await, 0);
    let told = app.wait_for_event("SIGN_IN_REFUSED").await;
    assert_eq!(told.tenant_id.to_string(), ann.tenant);
    assert!(told.data.get().contains("account_exists") && told.data.get().contains("bob@example.com"), "{told:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_links_their_account_themselves() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "analyst", "bob").await;
    let nothing = bob.post(super::LINK, json!({"redirectUri": PAGE})).await;
    assert_eq!((nothing.status, code(&nothing)), (404, "not_found"), "no provider yet");
    assert_eq!(configure(&ann, &provider, json!({})).await.status, 200);
    // Another address, and not even a verified one: Bob proved by his own session who he is.
    let at_idp = Person { email_verified: json!(false), ..Person::new("bob-at-idp", "robert@elsewhere.example") };
    let unknown = enter(&app, &provider, &ann.tenant, &Person::new("bob-at-idp", "bob@example.com")).await;
    assert_eq!(reason(&unknown), (403, "sign_in_refused", "domain"), "without domains nobody comes in by themselves");

    let key = [("idempotency-key", "k")];
    let begin = async || bob.send("POST", super::LINK, &key, Some(json!({"redirectUri": PAGE}))).await;
    let (first, again) = (begin().await, begin().await);
    assert_eq!((first.status, &first.body["data"]), (201, &again.body["data"]), "{again:?}");
    let linked = link(&app, &provider, &bob, &at_idp).await;
    assert_eq!((linked.status, &linked.body["data"]["user"]["id"]), (200, &json!(bob.id)), "{linked:?}");
    let later = enter(&app, &provider, &ann.tenant, &at_idp).await;
    assert_eq!((later.status, &later.body["data"]["role"]), (200, &json!("analyst")), "{later:?}");
    assert_eq!(link(&app, &provider, &bob, &at_idp).await.status, 200, "linked is linked");

    let taken = link(&app, &provider, &ann, &at_idp).await;
    assert_eq!(reason(&taken), (403, "sign_in_refused", "linked_elsewhere"), "{taken:?}");
    let moved = link(&app, &provider, &bob, &Person::new("bob-anew", "b@example.com")).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let former = enter(&app, &provider, &ann.tenant, &at_idp).await;
    assert_eq!(reason(&former), (403, "sign_in_refused", "email_unverified"), "one identity for each account");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_removed_does_not_come_back_by_themselves() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let inside = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &carl).await);
    let begun_before = visit(&provider, &begin(&app, &ann.tenant).await, &carl).await;
    assert_eq!(ann.delete(&format!("/api/v1/tenants/current/members/{}", inside.id)).await.status, 200);
    assert_eq!(code(&inside.get("/api/v1/auth/me").await), "session_revoked");
    let refused = app.anonymous().post(CALLBACK, begun_before).await;
    assert_eq!(reason(&refused), (403, "sign_in_refused", "member_removed"), "{refused:?}");
    let refused = enter(&app, &provider, &ann.tenant, &carl).await;
    assert_eq!(reason(&refused), (403, "sign_in_refused", "member_removed"), "{refused:?}");

    // An invite brings them back. They have no password, so they set one by letter first.
    let forgot = app.anonymous().post("/api/v1/auth/password/forgot", json!({"email": "carl@example.com"})).await;
    assert_eq!(forgot.status, 202);
    let token = mailed_token(&app, "carl@example.com", 1).await;
    let reset = json!({"token": token, "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/auth/password/reset", reset).await.status, 200);
    let invite = json!({"email": "carl@example.com", "role": "analyst"});
    assert_eq!(ann.post("/api/v1/tenants/current/invites", invite).await.status, 201);
    let token = mailed_token(&app, "carl@example.com", 2).await;
    let accepted = json!({"token": token, "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/tenants/invites/accept", accepted).await.status, 200);
    let back = enter(&app, &provider, &ann.tenant, &carl).await;
    assert_eq!((back.status, &back.body["data"]["user"]["id"]), (200, &json!(inside.id)), "{back:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_first_visits_make_one_account() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let mut bodies = Vec::new();
    for _ in 0..5 {
        bodies.push(visit(&provider, &begin(&app, &ann.tenant).await, &carl).await);
    }
    let tries: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = app.anonymous();
            tokio::spawn(async move { client.post(CALLBACK, body).await })
        })
        .collect();
    for one in tries {
        let answer = one.await.expect("no panic");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!((app.count("users").await, app.count("sign_in_identities").await), (2, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_changes_its_keys_and_made_up_ones_do_not_make_us_ask_for_ever() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    assert_eq!(enter(&app, &provider, &ann.tenant, &carl).await.status, 200);
    let asked = provider.hits("/keys");
    assert_eq!(enter(&app, &provider, &ann.tenant, &carl).await.status, 200);
    assert_eq!((provider.hits("/keys"), provider.hits("/.well-known/openid-configuration")), (asked, 1), "remembered");
    provider.rotate_key(SigningAlgorithm::Es256);
    let rotated = enter(&app, &provider, &ann.tenant, &carl).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_eq!(provider.hits("/keys"), asked + 1);
    provider.fail(Fault::UnknownKey);
    for _ in 0..3 {
        let refused = enter(&app, &provider, &ann.tenant, &carl).await;
        assert_eq!(reason(&refused), (401, "sign_in_failed", "token_key"), "{refused:?}");
    }
    assert_eq!(provider.hits("/keys"), asked + 1, "not again so soon");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_key_signs_and_a_secret_goes_where_the_provider_wants_it() {
    let (app, provider) = start().await;
    provider.want_secret_in_body();
    provider.name_itself();
    provider.rotate_key(SigningAlgorithm::Rs256);
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let begun = begin(&app, &ann.tenant).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let back = provider.sign_in(&text(&begun.body["data"]["authorizationUrl"]), &carl).await;
    let mut body = super::brought_back(&begun, &back);
    body["iss"] = json!(back.iss.expect("it names itself"));
    let answer = app.anonymous().post(CALLBACK, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let mut nameless = visit(&provider, &begin(&app, &ann.tenant).await, &carl).await;
    let refused = app.anonymous().post(CALLBACK, nameless.clone()).await;
    assert_eq!(reason(&refused), (401, "sign_in_failed", "mixed_up"), "{refused:?}");
    nameless = visit(&provider, &begin(&app, &ann.tenant).await, &carl).await;
    nameless["iss"] = json!("https://another.example.com");
    let refused = app.anonymous().post(CALLBACK, nameless).await;
    assert_eq!(reason(&refused), (401, "sign_in_failed", "mixed_up"), "{refused:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_start_is_one_flow_and_its_provider_may_be_told_whom_to_expect() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    assert_eq!(configure(&ann, &provider, json!({})).await.status, 200);
    let body = json!({"tenantId": ann.tenant, "redirectUri": PAGE, "email": "carl@example.com"});
    let begin = async |body| app.anonymous().send("POST", START, &[("idempotency-key", "k")], Some(body)).await;
    let (first, again) = (begin(body.clone()).await, begin(body).await);
    assert_eq!((first.status, &first.body["data"]), (201, &again.body["data"]), "{again:?}");
    assert!(text(&first.body["data"]["authorizationUrl"]).contains("login_hint=carl%40example.com"), "{first:?}");
    let other = begin(json!({"tenantId": ann.tenant, "redirectUri": PAGE})).await;
    assert_eq!((other.status, code(&other)), (422, "idempotency_key_reused"));
    assert_eq!(app.count("sign_in_flows").await, 1);
    let token = text(&first.body["data"]["flowToken"]);
    assert_eq!(app.count(&format!("idempotency_keys WHERE body::text LIKE '%{token}%'")).await, 0);
    assert_eq!(ann.get(CONFIG).await.status, 200);
    app.finish().await;
}
