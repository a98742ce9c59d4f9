//! Passwords: forgotten, reset, changed, hashed anew.

use serde_json::json;
use test_support::{Answer, TestApp, wait_until};

use crate::support::{PASSWORD, User, code, letters, mailed_token, sign_up, start};

const NEW: &str = "another horse altogether";

async fn login(app: &TestApp, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/login", json!({"email": "ann@example.com", "password": password})).await
}

async fn forgot(app: &TestApp, email: &str) {
    let answer = app.anonymous().post("/api/v1/auth/password/forgot", json!({"email": email})).await;
    assert_eq!((answer.status, &answer.body["data"]), (202, &json!(null)), "{answer:?}");
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/password/reset", json!({"token": token, "password": password})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_sets_a_new_password_once_and_ends_all_sessions() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    for email in ["nobody@example.com", "no address", "Ann@Example.com", "ann@example.com"] {
        forgot(&app, email).await;
    }
    let token = mailed_token(&app, "ann@example.com", 1).await;
    wait_until("all were answered", async || (app.count("password_reset_requests").await == 0).then_some(())).await;
    assert_eq!((app.count("mails").await, letters(&app, "nobody@example.com").len()), (1, 0), "they do not pile up");

    let weak = reset(&app, &token, "ann@example.com").await;
    assert_eq!(weak.body["error"]["context"]["fields"][0]["rule"], "personal_password", "{weak:?}");
    assert_eq!(reset(&app, &token, NEW).await.status, 200);
    let spent = reset(&app, &token, "yet another horse").await;
    assert_eq!((spent.status, code(&spent)), (410, "reset_unusable"));
    let ended = ann.get("/api/v1/auth/me").await;
    assert_eq!(
        (code(&ended), &ended.body["error"]["context"]["reason"]),
        ("session_revoked", &json!("password_changed"))
    );
    assert_eq!((login(&app, PASSWORD).await.status, login(&app, NEW).await.status), (401, 200));
    let event = app.wait_for_event("PASSWORD_CHANGED").await;
    assert_eq!(event.tenant_id.to_string(), ann.tenant);
    assert!(event.data.get().contains("\"reset\"") && !event.data.get().contains(NEW));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_after_an_hour() {
    let app = start().await;
    sign_up(&app, "ann").await;
    forgot(&app, "ann@example.com").await;
    let token = mailed_token(&app, "ann@example.com", 1).await;
    app.owner_sql("UPDATE password_resets SET expires_at = now() - interval '1 second'").await;
    assert_eq!(code(&reset(&app, &token, NEW).await), "reset_unusable");
    assert_eq!(login(&app, PASSWORD).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_keeps_this_session_and_ends_the_others() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let phone = User::signed_in(&app, &login(&app, PASSWORD).await);
    let body = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
    let path = "/api/v1/auth/password/change";
    for (refused, rule) in [
        (ann.post(path, body("wrong", NEW)).await, "wrong_password"),
        (ann.post(path, body(PASSWORD, "qwerty123")).await, "common_password"),
    ] {
        assert_eq!(refused.status, 422);
        assert_eq!(refused.body["error"]["context"]["fields"][0]["rule"], rule, "{refused:?}");
    }
    let key = [("idempotency-key", "once")];
    assert_eq!(ann.send("POST", path, &key, Some(body(PASSWORD, NEW))).await.status, 200);
    let again = ann.send("POST", path, &key, Some(body(PASSWORD, NEW))).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")), "{again:?}");
    let other = ann.send("POST", path, &key, Some(body(PASSWORD, "yet another horse"))).await;
    assert_eq!(code(&other), "idempotency_key_reused");
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200);
    assert_eq!(phone.get("/api/v1/auth/me").await.body["error"]["context"]["reason"], "password_changed");
    assert_eq!(login(&app, NEW).await.status, 200);
    app.wait_for_event("PASSWORD_CHANGED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_lesser_cost_is_replaced_at_the_next_sign_in() {
    let app = start().await;
    sign_up(&app, "ann").await;
    // A hash of the same password with fewer KiB than the settings ask for.
    let weak = {
        use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::phc::PasswordHash};
        let params = Params::new(32, 1, 1, None).expect("valid");
        let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(PASSWORD.as_bytes())
            .expect("hashed");
        hash.to_string()
    };
    app.owner_sql(&format!("UPDATE users SET password_hash = '{weak}'")).await;
    assert_eq!(login(&app, "wrong horse").await.status, 401);
    assert_eq!(app.count("users WHERE password_hash LIKE '%m=32,%'").await, 1);
    assert_eq!(login(&app, PASSWORD).await.status, 200);
    assert_eq!(app.count("users WHERE password_hash LIKE '%m=64,%'").await, 1);
    assert_eq!(login(&app, PASSWORD).await.status, 200);
    app.finish().await;
}
