//! Signing up, in and out; sessions; API keys.

use serde_json::json;

use crate::support::{PASSWORD, User, code, machine, member, sign_up, start, start_with, text};

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_makes_an_owner_and_tells_it() {
    let app = start().await;
    let body = json!({"email": " Ann@Example.com", "password": PASSWORD, "name": "Ann", "tenantName": "Ann & Co"});
    let answer = app.anonymous().post("/api/v1/auth/signup", body.clone()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let data = &answer.body["data"];
    assert_eq!(data["tokenType"], "Bearer");
    assert_eq!(data["expiresIn"], 900);
    assert_eq!(data["role"], "owner");
    assert_eq!(data["user"]["email"], "ann@example.com");
    assert_eq!(data["tenant"]["name"], "Ann & Co");
    assert_eq!(data["tenant"]["plan"], "free");

    let again = app.anonymous().post("/api/v1/auth/signup", body).await;
    assert_eq!((again.status, code(&again)), (409, "email_taken"));

    let ann = User::signed_in(&app, &answer);
    let me = ann.get("/api/v1/auth/me").await;
    assert_eq!(me.status, 200, "{me:?}");
    assert_eq!(me.body["data"]["user"]["name"], "Ann");
    assert_eq!(me.body["data"]["tenant"]["id"], ann.tenant.as_str());
    assert!(me.body["data"]["permissions"].as_array().expect("a list").contains(&json!("billing:write")));

    let created = app.wait_for_event("TENANT_CREATED").await;
    assert_eq!(created.tenant_id.to_string(), ann.tenant);
    assert_eq!(created.actor.name.as_deref(), Some("ann@example.com"));
    assert_eq!(created.trace_id, text(&answer.body["meta"]["traceId"]));
    app.wait_for_event("MEMBER_JOINED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_racing_signups_make_one_account() {
    let app = start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "tenantName": "Ann"});
    let tries = (0..10).map(|_| {
        let (client, body) = (app.anonymous(), body.clone());
        tokio::spawn(async move { client.post("/api/v1/auth/signup", body).await.status })
    });
    let mut statuses = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        statuses.push(one.await.expect("no panic"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 9]].concat());
    assert_eq!((app.count("users").await, app.count("tenants").await, app.count("memberships").await), (1, 1, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_takes_the_right_pair_and_a_tenant_of_ones_own() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = sign_up(&app, "bob").await;
    let login = async |body| app.anonymous().post("/api/v1/auth/login", body).await;

    let answer = login(json!({"email": "ANN@example.com", "password": PASSWORD})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["data"]["tenant"]["id"], ann.tenant.as_str());
    assert_eq!(answer.body["data"]["tenants"], json!([{"id": ann.tenant, "name": "ann's", "role": "owner"}]));
    for body in [
        json!({"email": "ann@example.com", "password": "wrong horse"}),
        json!({"email": "nobody@example.com", "password": PASSWORD}),
        json!({"email": "no address", "password": PASSWORD}),
    ] {
        let answer = login(body).await;
        assert_eq!((answer.status, code(&answer)), (401, "invalid_credentials"));
    }
    let answer = login(json!({"email": "ann@example.com", "password": PASSWORD, "tenantId": bob.tenant})).await;
    assert_eq!((answer.status, code(&answer)), (404, "not_found"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_tenant_is_remembered() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let second = ann.post("/api/v1/tenants", json!({"name": "Second", "timezone": "Europe/Berlin"})).await;
    assert_eq!(second.status, 201, "{second:?}");
    let second = text(&second.body["data"]["id"]);
    let switched = ann.post("/api/v1/auth/tenant", json!({"tenantId": second})).await;
    assert_eq!(switched.status, 200, "{switched:?}");
    let there = User::signed_in(&app, &switched);
    assert_eq!(there.get("/api/v1/tenants/current").await.body["data"]["timezone"], "Europe/Berlin");
    assert_eq!(ann.get("/api/v1/tenants/current").await.body["data"]["id"], ann.tenant.as_str(), "the other goes on");

    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    let answer = app.anonymous().post("/api/v1/auth/login", login).await;
    assert_eq!(answer.body["data"]["tenant"]["id"], second.as_str());
    assert_eq!(answer.body["data"]["tenants"].as_array().map(Vec::len), Some(2));
    let stranger = sign_up(&app, "bob").await.post("/api/v1/auth/tenant", json!({"tenantId": second})).await;
    assert_eq!((stranger.status, code(&stranger)), (404, "not_found"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_at_once() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200);
    let out = ann.send("POST", "/api/v1/auth/logout", &[], None).await;
    assert_eq!(out.status, 200, "{out:?}");
    let me = ann.get("/api/v1/auth/me").await;
    assert_eq!((me.status, code(&me)), (401, "session_revoked"));
    let refresh = app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": ann.refresh_token})).await;
    assert_eq!((refresh.status, code(&refresh)), (401, "invalid_refresh_token"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_person_only() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = sign_up(&app, "bob").await;
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    let phone = User::signed_in(&app, &app.anonymous().post("/api/v1/auth/login", login).await);

    let list = ann.get("/api/v1/auth/sessions").await;
    let sessions = list.body["data"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), 2, "{list:?}");
    assert_eq!(sessions.iter().map(|s| s["current"].clone()).collect::<Vec<_>>(), [json!(false), json!(true)]);
    let first = ann.get("/api/v1/auth/sessions?limit=1").await;
    let cursor = text(&first.body["meta"]["nextCursor"]);
    let second = ann.get(&format!("/api/v1/auth/sessions?limit=1&cursor={cursor}")).await;
    assert_eq!(second.body["data"][0], sessions[1]);
    assert!(second.body["meta"]["nextCursor"].is_null());

    let path = format!("/api/v1/auth/sessions/{}", text(&sessions[0]["id"]));
    assert_eq!(bob.delete(&path).await.status, 404);
    assert_eq!(phone.get("/api/v1/auth/me").await.status, 200);
    assert_eq!(ann.delete(&path).await.status, 200);
    assert_eq!(code(&phone.get("/api/v1/auth/me").await), "session_revoked");
    assert_eq!(ann.delete(&path).await.status, 404, "ended already");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_and_forged_ones_are_worth_nothing() {
    let app = start_with(|settings| settings.auth.access_token_seconds = 1).await;
    let ann = sign_up(&app, "ann").await;
    test_support::wait_until("the token has expired", async || {
        let answer = ann.get("/api/v1/auth/me").await;
        (answer.status == 401).then(|| assert_eq!(code(&answer), "token_expired"))
    })
    .await;
    let mut forged = ann.clone();
    let claims = text(&json!(ann.token.split('.').nth(1)));
    for token in [
        format!("{}.{claims}.AAAA", ann.token.split('.').next().expect("a header")),
        format!("eyJhbGciOiJub25lIn0.{claims}."),
        "vk_unknown".to_owned(),
        "x".repeat(5_000),
        "..".to_owned(),
    ] {
        forged.token = token;
        let answer = forged.get("/api/v1/auth/me").await;
        assert_eq!((answer.status, code(&answer)), (401, "unauthenticated"), "{}", forged.token);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let nobody = app.anonymous().get("/api/v1/auth/me").await;
    assert_eq!((nobody.status, code(&nobody)), (401, "unauthenticated"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_verify_a_token_with_the_published_key() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let before = app.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(before.status, 200);
    assert_eq!(before.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(before.body["keys"].as_array().map(Vec::len), Some(1), "{before:?}");
    let header = jsonwebtoken::decode_header(&ann.token).expect("a token");
    assert_eq!(header.kid, before.body["keys"][0]["kid"].as_str().map(ToOwned::to_owned));
    let key = jsonwebtoken::DecodingKey::from_ed_components(before.body["keys"][0]["x"].as_str().expect("x"));
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["verdict"]);
    let claims = jsonwebtoken::decode::<serde_json::Value>(&ann.token, &key.expect("a key"), &validation);
    let claims = claims.expect("anybody can verify with the published key").claims;
    assert_eq!((&claims["sub"], &claims["tid"]), (&json!(ann.id), &json!(ann.tenant)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys_work_until_revoked_and_can_do_no_more_than_their_maker() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let admin = member(&app, &ann, "admin", "bob").await;
    let agent = machine(&app, &admin, "agent").await;
    assert!(agent.token.starts_with("vk_"));
    let me = agent.get("/api/v1/auth/me").await;
    assert_eq!(me.body["data"]["permissions"], json!(["records:read", "records:write", "events:read"]), "{me:?}");
    assert_eq!(me.body["data"]["user"], json!(null));
    assert_eq!(agent.get("/api/v1/records").await.status, 200);
    assert_eq!(code(&agent.get("/api/v1/rules").await), "forbidden");
    assert_eq!(app.count(&format!("api_keys WHERE key_hash = sha256('{}')", agent.token)).await, 1);

    let body = json!({"name": "narrow", "role": "admin", "scopes": ["rules:read"]});
    let narrow = ann.post("/api/v1/auth/api-keys", body).await;
    let narrow = User { token: text(&narrow.body["data"]["key"]), ..agent.clone() };
    assert_eq!(narrow.get("/api/v1/rules").await.status, 200);
    assert_eq!(code(&narrow.get("/api/v1/labels").await), "forbidden");

    let wide = admin.post("/api/v1/auth/api-keys", json!({"name": "wide", "role": "owner"})).await;
    assert_eq!((wide.status, code(&wide)), (403, "forbidden"));
    assert_eq!(wide.body["error"]["context"]["permission"], "billing:write");

    let list = ann.get("/api/v1/auth/api-keys").await;
    assert_eq!(list.body["data"].as_array().map(Vec::len), Some(2));
    assert!(!list.body.to_string().contains(&agent.token));
    assert_eq!(ann.delete(&format!("/api/v1/auth/api-keys/{}", agent.id)).await.status, 200);
    let gone = agent.get("/api/v1/records").await;
    assert_eq!((gone.status, code(&gone)), (401, "unauthenticated"));
    assert_eq!(ann.delete(&format!("/api/v1/auth/api-keys/{}", agent.id)).await.status, 404);
    app.wait_for_event("API_KEY_REVOKED").await;
    for event in app.events().await {
        assert!(!event.data.get().contains(&agent.token), "no event holds a key");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_expires() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let agent = machine(&app, &ann, "agent").await;
    app.owner_sql("UPDATE api_keys SET expires_at = now() - interval '1 second'").await;
    let answer = agent.get("/api/v1/records").await;
    assert_eq!((answer.status, code(&answer)), (401, "token_expired"));
    let past = json!({"name": "late", "role": "agent", "expiresAt": "2020-01-01T00:00:00Z"});
    let refused = ann.post("/api/v1/auth/api-keys", past).await;
    assert_eq!((refused.status, code(&refused)), (422, "validation_failed"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_same_key_and_the_database_never_has_it() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let create = async |name: &str| {
        let body = json!({"name": name, "role": "agent"});
        ann.send("POST", "/api/v1/auth/api-keys", &[("idempotency-key", "k1")], Some(body)).await
    };
    let (first, second) = (create("robot").await, create("robot").await);
    assert_eq!((first.status, second.status), (201, 201), "{second:?}");
    assert_eq!(first.body["data"], second.body["data"]);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    let other = create("another").await;
    assert_eq!((other.status, code(&other)), (422, "idempotency_key_reused"));
    assert_eq!(app.count("api_keys").await, 1);
    let key = text(&first.body["data"]["key"]);
    assert_eq!(app.count(&format!("idempotency_keys WHERE body::text LIKE '%{key}%'")).await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_makes_none_that_outlives_it() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let admin = machine(&app, &ann, "admin").await;
    let end = |years: &str| format!("{years}-01-01T00:00:00Z");
    let body = |end: Option<String>| json!({"name": "next", "role": "agent", "expiresAt": end});
    assert_eq!(admin.post("/api/v1/auth/api-keys", body(None)).await.status, 201, "its maker does not end either");
    app.owner_sql(&format!("UPDATE api_keys SET expires_at = '{}' WHERE id = '{}'", end("2190"), admin.id)).await;
    for later in [None, Some(end("2191"))] {
        let refused = admin.post("/api/v1/auth/api-keys", body(later)).await;
        assert_eq!((refused.status, code(&refused)), (422, "validation_failed"), "{refused:?}");
        let field = &refused.body["error"]["context"]["fields"][0];
        assert_eq!((&field["path"], &field["rule"]), (&json!("expiresAt"), &json!("max")));
    }
    assert_eq!(admin.post("/api/v1/auth/api-keys", body(Some(end("2190")))).await.status, 201);
    app.owner_sql(&format!("UPDATE api_keys SET revoked_at = now() WHERE id = '{}'", admin.id)).await;
    let gone = admin.post("/api/v1/auth/api-keys", body(Some(end("2189")))).await;
    assert_eq!((gone.status, code(&gone)), (401, "unauthenticated"), "{gone:?}");
    assert_eq!(app.count("api_keys").await, 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_only_so_many_keys() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let plant = |from: u32, to: u32, end: &str| {
        format!(
            "INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, role, created_by, created_at, expires_at) \
             SELECT gen_random_uuid(), '{}', 'k', 'vk_', sha256(n::text::bytea), 'agent', '{}', now(), {end} \
             FROM generate_series({from}, {to}) AS n",
            ann.tenant, ann.id
        )
    };
    app.owner_sql(&plant(1, 199, "NULL")).await;
    app.owner_sql(&plant(200, 250, "now() - interval '1 day'")).await;
    let create = async || ann.post("/api/v1/auth/api-keys", json!({"name": "k", "role": "agent"})).await;
    assert_eq!(create().await.status, 201, "expired keys do not count");
    let refused = create().await;
    assert_eq!((refused.status, code(&refused)), (409, "conflict"), "{refused:?}");
    assert_eq!(refused.body["error"]["context"]["limit"], 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_reaches_the_oldest_of_very_many_tenants() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let id = "('ffffffff-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid";
    app.owner_sql(&format!(
        "INSERT INTO tenants (id, name, timezone, settings, created_at, updated_at) \
         SELECT {id}, 'T', 'UTC', '{{}}', now(), now() FROM generate_series(1, 201) AS n"
    ))
    .await;
    app.owner_sql(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, joined_at) \
         SELECT {id}, '{}', 'analyst', now() FROM generate_series(1, 201) AS n",
        ann.id
    ))
    .await;
    let chosen = json!({"email": "ann@example.com", "password": PASSWORD, "tenantId": ann.tenant});
    let last = json!({"email": "ann@example.com", "password": PASSWORD});
    for body in [chosen, last] {
        let answer = app.anonymous().post("/api/v1/auth/login", body).await;
        assert_eq!((answer.status, &answer.body["data"]["role"]), (200, &json!("owner")), "{answer:?}");
        assert_eq!(answer.body["data"]["tenant"]["id"], ann.tenant.as_str());
        assert_eq!(answer.body["data"]["tenants"].as_array().map(Vec::len), Some(200));
    }
    app.finish().await;
}
