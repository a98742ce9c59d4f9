//! Invites: sent, sent again, taken back, accepted by people with and without an account.

use serde_json::{Value, json};
use test_support::{Answer, TestApp};

use crate::support::{PASSWORD, User, code, mailed_token, member, sign_up, start, text};

const INVITES: &str = "/api/v1/tenants/current/invites";

async fn invite(by: &User, email: &str, role: &str) -> Answer {
    by.post(INVITES, json!({"email": email, "role": role})).await
}

async fn accept(app: &TestApp, body: Value) -> Answer {
    app.anonymous().post("/api/v1/tenants/invites/accept", body).await
}

fn reason(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, code(answer), answer.body["error"]["context"]["reason"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_accepts_with_a_name_and_a_password() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let made = invite(&ann, " Bob@Example.com", "reviewer").await;
    assert_eq!((made.status, &made.body["data"]["status"]), (201, &json!("pending")), "{made:?}");
    assert_eq!(made.body["data"]["email"], "bob@example.com");
    let token = mailed_token(&app, "bob@example.com", 1).await;
    assert!(!made.body.to_string().contains(&token), "only the letter has the link");
    assert_eq!(app.count("mails WHERE secret_sealed IS NOT NULL").await, 0, "erased once it is sent");

    let bare = accept(&app, json!({"token": token})).await;
    assert_eq!((bare.status, code(&bare)), (422, "validation_failed"), "{bare:?}");
    assert_eq!(bare.body["error"]["context"]["fields"][0]["path"], "name");
    let weak = accept(&app, json!({"token": token, "name": "Bob", "password": "password123"})).await;
    assert_eq!(weak.body["error"]["context"]["fields"][0]["rule"], "common_password", "{weak:?}");

    let body = json!({"token": token, "name": "Bob", "password": PASSWORD});
    let key = [("idempotency-key", "once")];
    let path = "/api/v1/tenants/invites/accept";
    let joined = app.anonymous().send("POST", path, &key, Some(body.clone())).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let again = app.anonymous().send("POST", path, &key, Some(body.clone())).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "{again:?}");
    assert_eq!(again.body["data"], joined.body["data"]);
    assert_eq!(reason(&accept(&app, body).await), (410, "invite_unusable", "accepted"));
    let bob = User::signed_in(&app, &joined);
    assert_eq!((bob.tenant.as_str(), &joined.body["data"]["role"]), (ann.tenant.as_str(), &json!("reviewer")));
    assert_eq!(bob.get("/api/v1/auth/me").await.status, 200);
    let stored = format!("idempotency_keys WHERE body::text LIKE '%{}%'", bob.refresh_token);
    assert_eq!(app.count(&stored).await, 0, "kept answers are sealed");

    assert_eq!(ann.get(INVITES).await.body["data"][0]["status"], "accepted");
    let event = app.wait_for_event("MEMBER_INVITED").await;
    assert_eq!(event.actor.name.as_deref(), Some("ann@example.com"));
    for event in app.events().await {
        assert!(!event.data.get().contains(&token), "no event holds a link");
    }
    assert_eq!(code(&invite(&ann, "bob@example.com", "admin").await), "already_member");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_joins_only_by_proof_that_it_is_its_person() {
    let app = start().await;
    let (ann, bob, eve) = (sign_up(&app, "ann").await, sign_up(&app, "bob").await, sign_up(&app, "eve").await);
    assert_eq!(invite(&ann, "bob@example.com", "admin").await.status, 201);
    let token = mailed_token(&app, "bob@example.com", 1).await;
    let body = json!({"token": token});
    assert_eq!(reason(&accept(&app, body.clone()).await), (401, "unauthenticated", "account_exists"));
    let wrong = accept(&app, json!({"token": token, "password": "not his password"})).await;
    assert_eq!((wrong.status, code(&wrong)), (401, "invalid_credentials"));
    let other = eve.post("/api/v1/tenants/invites/accept", body.clone()).await;
    assert_eq!(reason(&other), (403, "forbidden", "other_account"));
    assert_eq!(app.count("memberships").await, 3, "nobody joined");
    let joined = bob.post("/api/v1/tenants/invites/accept", body).await;
    assert_eq!((joined.status, &joined.body["data"]["role"]), (200, &json!("admin")), "{joined:?}");
    assert_eq!(joined.body["data"]["tenants"].as_array().map(Vec::len), Some(2));

    // Into a second tenant, by password.
    assert_eq!(invite(&eve, "bob@example.com", "analyst").await.status, 201);
    let second = mailed_token(&app, "bob@example.com", 2).await;
    let joined = accept(&app, json!({"token": second, "password": PASSWORD})).await;
    assert_eq!((joined.status, joined.body["data"]["tenants"].as_array().map(Vec::len)), (200, Some(3)), "{joined:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_links_say_why() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let ways = json!({"name": "Bob", "password": PASSWORD});
    let accept_with = async |token: &str| {
        let mut body = ways.clone();
        body["token"] = json!(token);
        accept(&app, body).await
    };
    let made = invite(&ann, "bob@example.com", "analyst").await;
    let first = mailed_token(&app, "bob@example.com", 1).await;
    let twice = invite(&ann, "BOB@example.com", "reviewer").await;
    assert_eq!((twice.status, &twice.body["data"]["id"]), (200, &made.body["data"]["id"]), "sent again, not doubled");
    let second = mailed_token(&app, "bob@example.com", 2).await;
    let path = format!("{INVITES}/{}", text(&made.body["data"]["id"]));
    app.owner_sql("UPDATE invites SET expires_at = now() - interval '1 second'").await;
    assert_eq!(ann.get(INVITES).await.body["data"][0]["status"], "expired");
    assert_eq!(reason(&accept_with(&second).await), (410, "invite_unusable", "expired"));
    let key = [("idempotency-key", "once")];
    let resent = ann.send("POST", &format!("{path}/resend"), &key, Some(json!({}))).await;
    let again = ann.send("POST", &format!("{path}/resend"), &key, Some(json!({}))).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body["data"]), (Some("true"), &resent.body["data"]));
    assert_eq!((resent.status, &resent.body["data"]["status"]), (200, &json!("pending")), "{resent:?}");
    let third = mailed_token(&app, "bob@example.com", 3).await;
    for old in [&first, &second] {
        assert_eq!(reason(&accept_with(old).await), (410, "invite_unusable", "superseded"));
    }
    assert_eq!(reason(&accept_with("vi_made_up").await), (410, "invite_unusable", "unknown"));
    assert_eq!(ann.delete(&path).await.status, 200);
    assert_eq!(reason(&accept_with(&third).await), (410, "invite_unusable", "revoked"));
    assert_eq!(code(&ann.delete(&path).await), "not_found");
    assert_eq!(code(&ann.post(&format!("{path}/resend"), json!({})).await), "conflict");
    assert_eq!(app.count("users").await, 1);
    app.wait_for_event("INVITE_RESENT").await;
    app.wait_for_event("INVITE_REVOKED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_invites_beyond_their_own_role_or_after_they_left() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let eve = member(&app, &ann, "admin", "eve").await;
    let refused = invite(&eve, "x@example.com", "owner").await;
    assert_eq!((refused.status, code(&refused)), (403, "forbidden"));
    assert_eq!(code(&invite(&eve, "x@example.com", "agent").await), "validation_failed");
    assert_eq!(invite(&eve, "x@example.com", "admin").await.status, 201);
    let token = mailed_token(&app, "x@example.com", 1).await;
    assert_eq!(ann.delete(&format!("/api/v1/tenants/current/members/{}", eve.id)).await.status, 200);
    let late = accept(&app, json!({"token": token, "name": "X", "password": PASSWORD})).await;
    assert_eq!(reason(&late), (410, "invite_unusable", "inviter_gone"));
    assert_eq!(ann.get(INVITES).await.body["data"][0]["status"], "revoked");

    let bob = member(&app, &ann, "analyst", "bob").await;
    assert_eq!(bob.post("/api/v1/tenants/current/leave", json!({})).await.status, 200);
    assert_eq!(reason(&bob.get("/api/v1/auth/me").await), (401, "session_revoked", "member_removed"));
    assert_eq!(code(&ann.post("/api/v1/tenants/current/leave", json!({})).await), "last_owner");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_racing_acceptances_make_one_member() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    invite(&ann, "bob@example.com", "analyst").await;
    let token = mailed_token(&app, "bob@example.com", 1).await;
    let tries = (0..10).map(|_| {
        let (client, body) = (app.anonymous(), json!({"token": token, "name": "Bob", "password": PASSWORD}));
        tokio::spawn(async move { client.post("/api/v1/tenants/invites/accept", body).await.status })
    });
    let mut won = 0;
    for one in tries.collect::<Vec<_>>() {
        let status = one.await.expect("no panic");
        assert!([200, 401, 410].contains(&status), "{status}");
        won += usize::from(status == 200);
    }
    assert_eq!((won, app.count("users").await, app.count("memberships").await), (1, 2, 2));
    app.finish().await;
}
