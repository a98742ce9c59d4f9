//! Setting a provider up, changing it, taking it away; domains; who may.

use serde_json::{Value, json};
use test_support::oidc::{CLIENT_SECRET, Fault, Person};
use test_support::wait_until;

use super::{
    CALLBACK, CONFIG, LINK, PAGE, begin, configure, configure_and_prove, enter, link, reason, start, start_and, visit,
};
use crate::support::{PASSWORD, User, code, member, sign_up, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_set_up_changed_and_taken_away() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let none = ann.get(CONFIG).await;
    assert_eq!((none.status, code(&none)), (404, "not_found"));
    assert_eq!(code(&ann.delete(CONFIG).await), "not_found");
    let bare = ann.patch(CONFIG, json!({"enabled": true})).await;
    let fields = bare.body["error"]["context"]["fields"].as_array().expect("fields").clone();
    let missing: Vec<&Value> = fields.iter().map(|field| &field["path"]).collect();
    assert_eq!((bare.status, missing), (422, vec![&json!("issuer"), &json!("clientId"), &json!("clientSecret")]));

    let set =
        configure(&ann, &provider, json!({"domains": [" Example.COM", "example.com", "b\u{fc}cher.example"]})).await;
    assert_eq!((set.status, set.header("etag")), (200, Some("\"1\"")), "{set:?}");
    let data = &set.body["data"];
    let defaults = json!({"defaultRole": "analyst", "secondFactor": "provider", "sessionHours": 12, "enabled": true, "required": false});
    for (name, value) in defaults.as_object().expect("an object") {
        assert_eq!(&data[name], value, "{name}");
    }
    assert_eq!(data["domains"][0]["domain"], "example.com");
    assert_eq!(data["domains"][1]["domain"], "xn--bcher-kva.example");
    assert_eq!(data["domains"][0]["recordName"], "_verdict-sign-in.example.com");
    assert!(!set.body.to_string().contains(CLIENT_SECRET) && data.get("clientSecret").is_none());
    let shown = ann.get(CONFIG).await;
    assert_eq!((&shown.body["data"], shown.header("etag")), (data, Some("\"1\"")));
    let plain = format!("sign_in_providers WHERE position('{CLIENT_SECRET}'::bytea IN client_secret_sealed) > 0");
    assert_eq!(app.count(&plain).await, 0, "sealed at rest");

    let late = ann.send("PATCH", CONFIG, &[("if-match", "\"0\"")], Some(json!({"required": true}))).await;
    assert_eq!((late.status, code(&late)), (412, "version_conflict"), "{late:?}");
    let changed = ann
        .send("PATCH", CONFIG, &[("if-match", "\"1\"")], Some(json!({"sessionHours": 4, "domains": ["example.com"]})))
        .await;
    assert_eq!((changed.status, &changed.body["data"]["sessionHours"]), (200, &json!(4)), "{changed:?}");
    let kept = &changed.body["data"]["domains"][0]["recordValue"];
    assert_eq!(kept, &data["domains"][0]["recordValue"], "a domain that stays keeps its challenge");
    let other_client = ann.patch(CONFIG, json!({"clientId": "another"})).await;
    assert_eq!(other_client.body["error"]["context"]["fields"][0]["path"], "clientSecret", "{other_client:?}");

    assert_eq!(ann.delete(CONFIG).await.status, 200);
    assert_eq!(ann.get(CONFIG).await.status, 404);
    app.wait_for_event("SIGN_IN_REMOVED").await;
    let configured = wait_until("both changes are told", async || {
        let told = app.events_of("SIGN_IN_CONFIGURED").await;
        (told.len() == 2).then_some(told)
    })
    .await;
    let told: Value = serde_json::from_str(configured[0].data.get()).expect("JSON");
    assert_eq!((&told["after"]["sessionHours"], &told["secretChanged"]), (&json!(12), &json!(true)), "{told}");
    assert!(told.get("before").is_none());
    let second: Value = serde_json::from_str(configured[1].data.get()).expect("JSON");
    assert_eq!((&second["before"]["sessionHours"], &second["after"]["sessionHours"]), (&json!(12), &json!(4)));
    assert_eq!(second["secretChanged"], false);
    for event in app.events().await {
        assert!(!event.data.get().contains(CLIENT_SECRET), "no event holds the secret");
        assert_eq!(event.actor.id, ann.id, "{event:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_when_it_is_given() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let rule = async |more: Value| {
        let refused = configure(&ann, &provider, more.clone()).await;
        assert_eq!((refused.status, code(&refused)), (422, "validation_failed"), "{more}: {refused:?}");
        let field = refused.body["error"]["context"]["fields"][0].clone();
        (text(&field["path"]), text(&field["rule"]))
    };
    let cases = [
        (json!({"issuer": "idp.example.com"}), "issuer", "issuer"),
        (json!({"issuer": "https://10.0.0.1"}), "issuer", "metadata"),
        (json!({"issuer": "https://169.254.169.254"}), "issuer", "metadata"),
        (json!({"issuer": "http://idp.example.com"}), "issuer", "metadata"),
        (json!({"issuer": "ftp://idp.example.com"}), "issuer", "metadata"),
        (json!({"issuer": format!("{}/nothing", provider.issuer())}), "issuer", "metadata"),
        (json!({"clientId": ""}), "clientId", "length"),
        (json!({"clientSecret": "a\nb"}), "clientSecret", "length"),
        (json!({"domains": ["localhost"]}), "domains[0]", "domain"),
        (json!({"domains": vec!["a.example"; 21]}), "domains", "max_items"),
        (json!({"defaultRole": "agent"}), "defaultRole", "role"),
        (json!({"defaultRole": "king"}), "defaultRole", "type"),
        (json!({"secondFactor": "none"}), "secondFactor", "type"),
        (json!({"sessionHours": 0}), "sessionHours", "range"),
        (json!({"sessionHours": 721}), "sessionHours", "range"),
        (json!({"allowAll": true}), "$", "unknown_field"),
    ];
    for (more, path, expected) in cases {
        let (found, rule) = rule(more.clone()).await;
        assert_eq!(rule, expected, "{more}");
        assert!(found == path || rule == "unknown_field", "{more}: {found}");
    }
    for (fault, expected) in [
        (Fault::MetadataOfAnother, "validation_failed"),
        (Fault::MetadataWithoutPkce, "validation_failed"),
        (Fault::HugeMetadata, "validation_failed"),
        (Fault::MetadataFails, "identity_provider_unavailable"),
    ] {
        provider.fail(fault);
        let refused = configure(&ann, &provider, json!({})).await;
        assert_eq!(code(&refused), expected, "{fault:?}: {refused:?}");
    }
    assert_eq!(app.count("sign_in_providers").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_see_and_change_it() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let eve = member(&app, &ann, "admin", "eve").await;
    for (method, path) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/domains/verify")] {
        let body = (method != "GET").then(|| json!({}));
        let refused = eve.send(method, &format!("{CONFIG}{path}"), &[], body).await;
        assert_eq!((refused.status, code(&refused)), (403, "forbidden"), "{method} {path}: {refused:?}");
        assert_eq!(refused.body["error"]["context"]["permission"], "owners:write");
    }
    // Demoted on another replica a moment ago, and still remembered here.
    let bob = member(&app, &ann, "owner", "bob").await;
    assert_eq!(configure(&bob, &provider, json!({})).await.status, 200);
    app.owner_sql(&format!("UPDATE memberships SET role = 'admin' WHERE user_id = '{}'", bob.id)).await;
    for (method, path) in [("PATCH", ""), ("DELETE", ""), ("POST", "/domains/verify")] {
        let refused = bob.send(method, &format!("{CONFIG}{path}"), &[], Some(json!({}))).await;
        assert_eq!((refused.status, code(&refused)), (403, "forbidden"), "{method} {path}: {refused:?}");
    }
    let stranger = sign_up(&app, "mallory").await;
    assert_eq!(stranger.get(CONFIG).await.status, 404);
    assert_eq!(stranger.delete(CONFIG).await.status, 404);
    assert_eq!(ann.get(CONFIG).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_leads_to_those_who_proved_it() {
    let (app, provider) = start().await;
    let (ann, bob) = (sign_up(&app, "ann").await, sign_up(&app, "bob").await);
    let find = async |email: &str| app.anonymous().get(&format!("/api/v1/auth/oidc/discover?email={email}")).await;
    assert_eq!(configure(&bob, &provider, json!({"domains": ["example.com"]})).await.status, 200);
    assert_eq!(find("x@example.com").await.body["data"], json!([]), "named by somebody, and proven by nobody");
    let verify = format!("{CONFIG}/domains/verify");
    let not_yet = bob.post(&verify, json!({})).await;
    assert_eq!((not_yet.status, &not_yet.body["data"][0]["proven"]), (200, &json!(false)), "{not_yet:?}");
    configure_and_prove(&ann, &provider, json!({})).await;
    let stolen = bob.post(&verify, json!({})).await;
    assert_eq!(stolen.body["data"][0]["proven"], false, "each tenant has a challenge of its own");
    let key = [("idempotency-key", "k")];
    let first = ann.send("POST", &verify, &key, Some(json!({}))).await;
    let again = ann.send("POST", &verify, &key, Some(json!({}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body["data"]), (Some("true"), &first.body["data"]));

    let way = json!([{"tenantId": ann.tenant, "tenantName": "ann's", "required": false}]);
    for email in ["x@example.com", "X@EXAMPLE.com", "ann@example.com"] {
        let found = find(email).await;
        assert_eq!((found.status, &found.body["data"]), (200, &way), "{email}: {found:?}");
    }
    assert_eq!(find("x@elsewhere.example").await.body["data"], json!([]));
    for bad in ["", "nobody", "x@example.com&tenant=1"] {
        let refused = find(bad).await;
        assert_eq!((refused.status, code(&refused)), (400, "invalid_request"), "{bad}: {refused:?}");
    }
    assert_eq!(ann.patch(CONFIG, json!({"enabled": false})).await.status, 200);
    assert_eq!(find("x@example.com").await.body["data"], json!([]));
    let proven = app.wait_for_event("SIGN_IN_DOMAIN_PROVEN").await;
    assert_eq!(proven.tenant_id.to_string(), ann.tenant);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_of_one_house_believes_its_owners() {
    let (app, provider) = start_and(|settings| settings.sign_in.resolver_url.clear()).await;
    let ann = sign_up(&app, "ann").await;
    let set = configure(&ann, &provider, json!({"domains": ["example.com"]})).await;
    assert_eq!((set.status, &set.body["data"]["domains"][0]["proven"]), (200, &json!(true)), "{set:?}");
    assert_eq!(enter(&app, &provider, &ann.tenant, &Person::new("c", "carl@example.com")).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turning_it_off_ends_what_it_opened() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let carl = Person::new("carl-at-idp", "carl@example.com");
    let inside = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &carl).await);
    let under_way = visit(&provider, &begin(&app, &ann.tenant).await, &carl).await;
    assert_eq!(ann.patch(CONFIG, json!({"enabled": false})).await.status, 200);
    let ended = inside.get("/api/v1/auth/me").await;
    assert_eq!(reason(&ended), (401, "session_revoked", "sign_in_changed"), "{ended:?}");
    let refreshed = app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": inside.refresh_token})).await;
    assert_eq!(reason(&refreshed), (401, "invalid_refresh_token", "sign_in_changed"), "{refreshed:?}");
    let late = app.anonymous().post(CALLBACK, under_way).await;
    assert_eq!(reason(&late), (401, "sign_in_failed", "provider_changed"), "{late:?}");
    assert_eq!(begin(&app, &ann.tenant).await.status, 404);
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200, "the owner's own session goes on");
    assert_eq!(ann.patch(CONFIG, json!({"enabled": true})).await.status, 200);
    let inside = User::signed_in(&app, &enter(&app, &provider, &ann.tenant, &carl).await);
    assert_eq!(ann.delete(CONFIG).await.status, 200);
    assert_eq!(code(&inside.get("/api/v1/auth/me").await), "session_revoked");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_may_require_it_and_owners_keep_their_password() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "reviewer", "bob").await;
    let robot = crate::support::machine(&app, &ann, "agent").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    assert_eq!(bob.get("/api/v1/records").await.status, 200);
    assert_eq!(ann.patch(CONFIG, json!({"required": true})).await.status, 200);
    let refused = bob.get("/api/v1/records").await;
    assert_eq!((refused.status, code(&refused)), (403, "sign_in_provider_required"), "{refused:?}");
    let login = json!({"email": "bob@example.com", "password": PASSWORD, "tenantId": ann.tenant});
    let again = User::signed_in(&app, &app.anonymous().post("/api/v1/auth/login", login).await);
    assert_eq!(code(&again.get("/api/v1/records").await), "sign_in_provider_required", "a password opens nothing more");
    assert_eq!(again.get("/api/v1/auth/me").await.status, 200);
    assert_eq!(ann.get("/api/v1/records").await.status, 200, "the owner's way in");
    assert_eq!(robot.get("/api/v1/records").await.status, 200, "machines are not asked");

    let at_idp = Person::new("bob-at-idp", "bob@example.com");
    let linked = link(&app, &provider, &again, &at_idp).await;
    assert_eq!(linked.status, 200, "{linked:?}");
    assert_eq!(User::signed_in(&app, &linked).get("/api/v1/records").await.status, 200);
    let found = app.anonymous().get("/api/v1/auth/oidc/discover?email=bob@example.com").await;
    assert_eq!(found.body["data"][0]["required"], true);
    assert_eq!(ann.patch(CONFIG, json!({"required": false})).await.status, 200);
    assert_eq!(bob.get("/api/v1/records").await.status, 200, "the former session was never ended");
    assert_eq!(bob.post(LINK, json!({"redirectUri": PAGE})).await.status, 201);
    app.finish().await;
}
