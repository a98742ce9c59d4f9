//! Sessions and what ends them, here and on another replica.

use serde_json::json;
use test_support::wait_until;

use crate::support::{PASSWORD, User, code, machine, member, sign_up, start, start_with, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_from_a_session_ends_with_it() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let second = ann.post("/api/v1/tenants", json!({"name": "Second"})).await;
    let switch = json!({"tenantId": text(&second.body["data"]["id"])});
    let key = [("idempotency-key", "once")];
    let switched = ann.send("POST", "/api/v1/auth/tenant", &key, Some(switch.clone())).await;
    let again = ann.send("POST", "/api/v1/auth/tenant", &key, Some(switch)).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body["data"]), (Some("true"), &switched.body["data"]));
    let there = User::signed_in(&app, &switched);
    let back = User::signed_in(&app, &there.post("/api/v1/auth/tenant", json!({"tenantId": ann.tenant})).await);
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    let phone = User::signed_in(&app, &app.anonymous().post("/api/v1/auth/login", login).await);
    for user in [&there, &back] {
        assert_eq!(user.get("/api/v1/auth/me").await.status, 200);
    }
    assert_eq!(ann.send("POST", "/api/v1/auth/logout", &[], None).await.status, 200);
    for user in [&ann, &there, &back] {
        let answer = user.get("/api/v1/auth/me").await;
        assert_eq!((code(&answer), &answer.body["error"]["context"]["reason"]), ("session_revoked", &json!("logout")));
    }
    assert_eq!(phone.get("/api/v1/auth/me").await.status, 200, "another sign-in goes on");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_end_at_once_but_this_one_unless_asked() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let firefox = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    let agent = [("user-agent", firefox)];
    let answer = app.anonymous().send("POST", "/api/v1/auth/login", &agent, Some(login)).await;
    let phone = User::signed_in(&app, &answer);
    let list = ann.get("/api/v1/auth/sessions").await;
    assert_eq!(list.body["data"][0]["device"], "Firefox on Windows", "{list:?}");
    let ended = ann.delete("/api/v1/auth/sessions").await;
    assert_eq!((ended.status, &ended.body["data"]["revoked"]), (200, &json!(1)), "{ended:?}");
    assert_eq!(phone.get("/api/v1/auth/me").await.body["error"]["context"]["reason"], "revoked");
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200);
    assert_eq!(ann.delete("/api/v1/auth/sessions?keepCurrent=false").await.status, 200);
    assert_eq!(code(&ann.get("/api/v1/auth/me").await), "session_revoked");
    app.wait_for_event("SESSIONS_REVOKED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tabs_that_refresh_at_once_stay_signed_in_with_one_child() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let tabs = (0..20).map(|_| {
        let (client, body) = (app.anonymous(), json!({"refreshToken": ann.refresh_token}));
        tokio::spawn(async move { client.post("/api/v1/auth/refresh", body).await })
    });
    let mut children = Vec::new();
    for tab in tabs.collect::<Vec<_>>() {
        let answer = tab.await.expect("no panic");
        assert_eq!(answer.status, 200, "{answer:?}");
        children.push(text(&answer.body["data"]["refreshToken"]));
    }
    children.dedup();
    assert_eq!((children.len(), app.count("refresh_tokens").await), (1, 2));
    app.finish().await;
}

/// What another replica does reaches this one only through the database, as `owner_sql` does.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_replica_revokes_counts_here_long_before_the_memory_ends() {
    let app = start_with(|settings| settings.auth.token_check_seconds = 60).await;
    let ann = sign_up(&app, "ann").await;
    let (bob, eve) = (member(&app, &ann, "analyst", "bob").await, member(&app, &ann, "admin", "eve").await);
    let robot = machine(&app, &ann, "agent").await;
    for user in [&bob, &eve, &robot] {
        assert_eq!(user.get("/api/v1/auth/me").await.status, 200);
    }
    let began = std::time::Instant::now();
    let now = "revoked_at = now()";
    app.owner_sql(&format!("UPDATE api_keys SET {now} WHERE id = '{}'", robot.id)).await;
    app.owner_sql(&format!("DELETE FROM memberships WHERE tenant_id = '{}' AND user_id = '{}'", ann.tenant, bob.id))
        .await;
    app.owner_sql(&format!(
        "UPDATE memberships SET role = 'analyst' WHERE tenant_id = '{}' AND user_id = '{}'",
        ann.tenant, eve.id
    ))
    .await;
    wait_until("the key, the member and the role are forgotten", async || {
        let key = robot.get("/api/v1/auth/me").await.status == 401;
        let gone = bob.get("/api/v1/auth/me").await.status == 401;
        let role = eve.get("/api/v1/auth/me").await.body["data"]["role"] == "analyst";
        (key && gone && role).then_some(())
    })
    .await;
    assert!(began.elapsed().as_secs() < 4, "sooner than any memory ends: {:?}", began.elapsed());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_two_tenants_never_take_each_others_place() {
    let app = start().await;
    let (ann, bob) = (sign_up(&app, "ann").await, sign_up(&app, "bob").await);
    let (one, other) = (machine(&app, &ann, "agent").await, machine(&app, &bob, "agent").await);
    for _ in 0..3 {
        for (robot, owner) in [(&one, &ann), (&other, &bob)] {
            let me = robot.get("/api/v1/auth/me").await;
            assert_eq!(me.body["data"]["tenant"]["id"], owner.tenant.as_str(), "{me:?}");
        }
    }
    assert_eq!(ann.delete(&format!("/api/v1/auth/api-keys/{}", one.id)).await.status, 200);
    assert_eq!((one.get("/api/v1/records").await.status, other.get("/api/v1/records").await.status), (401, 200));
    app.finish().await;
}
