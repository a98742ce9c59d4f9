//! Calls that give out tokens, made again with the same `Idempotency-Key`.

use serde_json::{Value, json};
use test_support::{Answer, TestApp};

use crate::support::{PASSWORD, User, code, member, sign_up, start, text};
use crate::totp::{enrol, shown};

async fn post(app: &TestApp, path: &str, key: &str, body: Value) -> Answer {
    app.anonymous().send("POST", &format!("/api/v1/auth/{path}"), &[("idempotency-key", key)], Some(body)).await
}

fn is_replay(first: &Answer, again: &Answer) -> bool {
    assert_eq!((again.status, &again.body["data"]), (first.status, &first.body["data"]), "{again:?}");
    assert!(first.header("idempotent-replayed").is_none());
    again.header("idempotent-replayed") == Some("true")
}

/// No answer is kept readably, nor a fingerprint that a guess could be held against.
async fn nothing_readable(app: &TestApp, secrets: &[String]) {
    for secret in secrets {
        let kept = format!("idempotency_keys WHERE body::text LIKE '%{secret}%' OR fingerprint = sha256('{secret}')");
        assert_eq!(app.count(&kept).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_whose_answer_got_lost() {
    let app = start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "tenantName": "Ann"});
    let first = post(&app, "signup", "k", body.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert!(is_replay(&first, &post(&app, "signup", "k", body.clone()).await));
    let ann = User::signed_in(&app, &first);
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200);
    let mut other = body.clone();
    other["password"] = json!("another horse altogether");
    let reused = post(&app, "signup", "k", other).await;
    assert_eq!((reused.status, code(&reused)), (422, "idempotency_key_reused"), "{reused:?}");
    let taken = post(&app, "signup", "another", body.clone()).await;
    assert_eq!((taken.status, code(&taken)), (409, "email_taken"));
    let mut bob = body.clone();
    bob["email"] = json!("bob@example.com");
    assert_eq!(post(&app, "signup", "k", bob).await.status, 201, "another person's key is another key");
    assert_eq!((app.count("users").await, app.count("tenants").await), (2, 2));
    nothing_readable(&app, &[ann.refresh_token.clone(), ann.token.clone(), body.to_string()]).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_sign_ups_with_one_key_make_one_account_and_one_answer() {
    let app = start().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "tenantName": "Ann"});
    let tries: Vec<_> = (0..5)
        .map(|_| {
            let (client, body) = (app.anonymous(), body.clone());
            tokio::spawn(async move {
                client.send("POST", "/api/v1/auth/signup", &[("idempotency-key", "k")], Some(body)).await
            })
        })
        .collect();
    let mut tokens = Vec::new();
    for one in tries {
        let answer = one.await.expect("no panic");
        match answer.status {
            201 => tokens.push(text(&answer.body["data"]["refreshToken"])),
            _ => assert_eq!((answer.status, code(&answer)), (409, "idempotency_in_progress"), "{answer:?}"),
        }
    }
    tokens.dedup();
    assert_eq!((tokens.len(), app.count("users").await), (1, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_whose_answer_got_lost_is_one_session_and_no_way_to_guess() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let (secret, _) = enrol(&ann).await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "totp": shown(&secret, 0)});
    let first = post(&app, "login", "k", body.clone()).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert!(is_replay(&first, &post(&app, "login", "k", body.clone()).await), "although the code is spent");
    let spent = post(&app, "login", "another", body.clone()).await;
    assert_eq!((spent.status, code(&spent)), (401, "invalid_second_factor"), "a code is taken once");
    assert_eq!(app.count("sessions").await, 2);

    // Whoever knows the key still has to know the password, and guesses count.
    let mut guess = body.clone();
    guess["password"] = json!("wrong");
    let refused = post(&app, "login", "k", guess.clone()).await;
    assert_eq!((refused.status, code(&refused)), (401, "invalid_credentials"), "{refused:?}");
    let mut other = body.clone();
    other["totp"] = json!("000000");
    let reused = post(&app, "login", "k", other).await;
    assert_eq!((reused.status, code(&reused)), (422, "idempotency_key_reused"), "{reused:?}");
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(post(&app, "login", "k", guess.clone()).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let inside = User::signed_in(&app, &first);
    nothing_readable(&app, &[inside.refresh_token, inside.token, body.to_string()]).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_whose_answer_got_lost_long_ago() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let body = json!({"refreshToken": ann.refresh_token});
    let first = post(&app, "refresh", "k", body.clone()).await;
    assert_eq!(first.status, 200, "{first:?}");
    app.owner_sql("UPDATE refresh_tokens SET used_at = used_at - interval '1 hour' WHERE used_at IS NOT NULL").await;
    assert!(is_replay(&first, &post(&app, "refresh", "k", body.clone()).await), "no reuse: the same call again");
    let child = json!({"refreshToken": first.body["data"]["refreshToken"]});
    assert_eq!(post(&app, "refresh", "k", child).await.status, 200, "another token is another call");

    // Without the key it is what it was: somebody else has a copy.
    let reused = post(&app, "refresh", "new", body.clone()).await;
    assert_eq!((reused.status, code(&reused)), (401, "refresh_token_reused"), "{reused:?}");
    assert_eq!(code(&ann.get("/api/v1/auth/me").await), "session_revoked");
    let again = post(&app, "refresh", "new", body).await;
    assert_eq!(
        (again.status, code(&again), again.header("idempotent-replayed")),
        (401, "refresh_token_reused", Some("true"))
    );
    app.wait_for_event("REFRESH_TOKEN_REUSED").await;
    nothing_readable(&app, &[text(&first.body["data"]["refreshToken"]), ann.refresh_token]).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_the_session_is_done_when_it_is_asked_again() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "analyst", "bob").await;
    let key = [("idempotency-key", "k")];
    for (user, path) in [(&bob, "/api/v1/tenants/current/leave"), (&ann, "/api/v1/auth/logout")] {
        let first = user.send("POST", path, &key, None).await;
        assert_eq!((first.status, first.header("idempotent-replayed")), (200, None), "{path}: {first:?}");
        let again = user.send("POST", path, &key, None).await;
        assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")), "{path}: {again:?}");
        assert_eq!((&again.body["data"], &again.body["error"]), (&Value::Null, &Value::Null), "{again:?}");
        let bare = user.send("POST", path, &[], None).await;
        assert_eq!((bare.status, bare.header("idempotent-replayed")), (200, None), "{path}: {bare:?}");
    }
    app.wait_for_event("MEMBER_REMOVED").await;
    let elsewhere = bob.send("POST", "/api/v1/auth/logout", &key, None).await;
    assert_eq!((elsewhere.status, code(&elsewhere)), (401, "session_revoked"), "it ended in another way");
    app.finish().await;
}
