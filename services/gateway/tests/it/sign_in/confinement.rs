//! A session that a tenant's provider opened is that tenant's: it reaches nothing of its person's elsewhere.

use serde_json::{Value, json};
use test_support::TestApp;
use test_support::oidc::{OidcProvider, Person};

use super::{CONFIG, configure, configure_and_prove, enter, link, reason, start};
use crate::support::{PASSWORD, User, code, mailed_token, member, sign_up};
use crate::totp::{enrol, shown};

/// Bob, who has a tenant of his own, as Ann's provider lets him into hers.
async fn bob_at_anns(app: &TestApp, provider: &OidcProvider, ann: &User) -> (User, User) {
    let bob = member(app, ann, "analyst", "bob").await;
    let at_idp = Person::new("bob-at-idp", "bob@example.com");
    let linked = link(app, provider, &bob, &at_idp).await;
    assert_eq!(linked.status, 200, "{linked:?}");
    (bob, User::signed_in(app, &linked))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_in_its_tenant() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    assert_eq!(configure(&ann, &provider, json!({})).await.status, 200);
    let (bob, confined) = bob_at_anns(&app, &provider, &ann).await;
    let own = bob.get("/api/v1/tenants").await.body["data"].clone();
    assert_eq!(own.as_array().map(Vec::len), Some(2), "by his password he sees both");
    let home =
        own.as_array().expect("a list").iter().find(|t| t["id"] != ann.tenant.as_str()).expect("his own").clone();
    let seen = confined.get("/api/v1/tenants").await;
    assert_eq!(seen.body["data"], json!([{"id": ann.tenant, "name": "ann's", "role": "analyst"}]), "{seen:?}");
    let password = json!({"password": PASSWORD});
    let acts: [(&str, &str, Value); 10] = [
        ("POST", "/auth/tenant", json!({"tenantId": home["id"]})),
        ("POST", "/tenants", json!({"name": "x"})),
        ("POST", "/auth/password/change", json!({"currentPassword": PASSWORD, "newPassword": "another horse"})),
        ("POST", "/auth/totp", password.clone()),
        ("POST", "/auth/totp/confirm", json!({"code": "123456"})),
        ("DELETE", "/auth/totp", password.clone()),
        ("POST", "/auth/totp/recovery-codes", password),
        ("DELETE", "/auth/sessions", json!({})),
        ("POST", "/auth/oidc/link", json!({"redirectUri": super::PAGE})),
        ("POST", "/auth/tenant", json!({"tenantId": ann.tenant})),
    ];
    for (method, path, body) in acts {
        let refused = confined.send(method, &format!("/api/v1{path}"), &[], Some(body)).await;
        assert_eq!(reason(&refused), (403, "forbidden", "confined_session"), "{method} {path}: {refused:?}");
    }

    // His other sessions are neither seen nor ended from here.
    let all = bob.get("/api/v1/auth/sessions").await.body["data"].as_array().expect("a list").clone();
    let seen = confined.get("/api/v1/auth/sessions").await.body["data"].as_array().expect("a list").clone();
    assert_eq!((all.len(), seen.len()), (3, 1), "{seen:?}");
    for session in all.iter().filter(|session| session["id"] != seen[0]["id"]) {
        let path = format!("/api/v1/auth/sessions/{}", session["id"].as_str().expect("an id"));
        assert_eq!(confined.delete(&path).await.status, 404);
    }
    assert_eq!(bob.get("/api/v1/auth/me").await.status, 200);

    // Nor does an invite lead out of it.
    let eve = sign_up(&app, "eve").await;
    let invite = json!({"email": "bob@example.com", "role": "analyst"});
    assert_eq!(eve.post("/api/v1/tenants/current/invites", invite).await.status, 201);
    let token = mailed_token(&app, "bob@example.com", 1).await;
    let refused = confined.post("/api/v1/tenants/invites/accept", json!({"token": token})).await;
    assert_eq!(reason(&refused), (403, "forbidden", "confined_session"), "{refused:?}");
    assert_eq!(bob.post("/api/v1/tenants/invites/accept", json!({"token": token})).await.status, 200);
    let own = format!("/api/v1/auth/sessions/{}", seen[0]["id"].as_str().expect("an id"));
    assert_eq!(confined.delete(&own).await.status, 200);
    assert_eq!(code(&confined.get("/api/v1/auth/me").await), "session_revoked");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_in_time_however_much_it_is_used() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({"sessionHours": 1})).await;
    let inside =
        User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &Person::new("c", "carl@example.com")).await);
    let ends = "sessions WHERE confined AND expires_at BETWEEN now() + interval '59 minutes' AND now() + interval '61 minutes'";
    assert_eq!(app.count(ends).await, 1);
    let refresh =
        async |token: &str| app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": token})).await;
    let next = refresh(&inside.refresh_token).await;
    assert_eq!((next.status, app.count(ends).await), (200, 1), "a refresh does not prolong it");
    app.owner_sql(
        "UPDATE sessions SET expires_at = now() WHERE confined; UPDATE refresh_tokens SET expires_at = now()",
    )
    .await;
    let late = refresh(next.body["data"]["refreshToken"].as_str().expect("a token")).await;
    assert_eq!((late.status, code(&late)), (401, "invalid_refresh_token"), "{late:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_stands_for_the_second_factor_or_says_that_it_saw_one() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let (bob, _) = bob_at_anns(&app, &provider, &ann).await;
    let (secret, codes) = enrol(&bob).await;
    let settings = json!({"settings": {"requireSecondFactor": true}});
    let (owner_secret, _) = enrol(&ann).await;
    assert_eq!(ann.patch("/api/v1/tenants/current", settings).await.status, 200);
    assert!(!owner_secret.is_empty());
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let at_idp = Person::new("bob-at-idp", "bob@example.com");

    // The provider is responsible: nobody is asked for more, enrolled or not.
    for person in [&carl, &at_idp] {
        let inside = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, person).await);
        assert_eq!(inside.get("/api/v1/records").await.status, 200, "{person:?}");
    }

    assert_eq!(ann.patch(CONFIG, json!({"secondFactor": "claim"})).await.status, 200);
    let refused = enter(&app, &provider, &ann.tenant, &carl).await;
    assert_eq!(reason(&refused), (403, "sign_in_refused", "second_factor"), "{refused:?}");
    for methods in [vec!["pwd"], vec!["otp"], vec!["mfa2"]] {
        let weak = Person { methods: methods.iter().map(ToString::to_string).collect(), ..carl.clone() };
        assert_eq!(enter(&app, &provider, &ann.tenant, &weak).await.status, 403, "{methods:?}");
    }
    let strong = Person { methods: vec!["pwd".into(), "mfa".into()], ..carl.clone() };
    let inside = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &strong).await);
    assert_eq!(inside.get("/api/v1/records").await.status, 200);

    // Bob has a second factor of his own, which he shows in the session.
    let inside = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &at_idp).await);
    assert_eq!(code(&inside.get("/api/v1/records").await), "second_factor_required");
    let prove = "/api/v1/auth/totp/prove";
    let wrong = inside.post(prove, json!({"code": "000000"})).await;
    assert_eq!((wrong.status, code(&wrong)), (401, "invalid_second_factor"));
    for bad in [json!({}), json!({"code": "1", "recoveryCode": "2"}), json!({"password": PASSWORD})] {
        assert_eq!(inside.post(prove, bad).await.status, 422);
    }
    let key = [("idempotency-key", "k")];
    let body = json!({"code": shown(&secret, 0)});
    let proven = inside.send("POST", prove, &key, Some(body.clone())).await;
    assert_eq!(proven.status, 200, "{proven:?}");
    assert_eq!(inside.send("POST", prove, &key, Some(body)).await.header("idempotent-replayed"), Some("true"));
    assert_eq!(inside.get("/api/v1/records").await.status, 200);
    let other = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &at_idp).await);
    assert_eq!(other.post(prove, json!({"recoveryCode": codes[0]})).await.status, 200);
    assert_eq!(other.get("/api/v1/records").await.status, 200);
    let nothing = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &strong).await);
    assert_eq!(code(&nothing.post(prove, json!({"code": "123456"})).await), "second_factor_not_enrolled");
    app.finish().await;
}
