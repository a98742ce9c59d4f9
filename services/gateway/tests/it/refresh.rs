//! Rotation of refresh tokens, and what happens when an old one comes back.

use serde_json::json;
use test_support::{Answer, TestApp};

use crate::support::{User, code, sign_up, start, text};

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": token})).await
}

fn child(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    text(&answer.body["data"]["refreshToken"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_gives_the_next_pair() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let answer = refresh(&app, &ann.refresh_token).await;
    let second = child(&answer);
    assert_ne!(second, ann.refresh_token);
    let renewed = User { token: text(&answer.body["data"]["accessToken"]), ..ann.clone() };
    assert_eq!(renewed.get("/api/v1/auth/me").await.status, 200);
    assert_ne!(child(&refresh(&app, &second).await), second);
    for nothing in ["", "vr_unknown", &ann.token] {
        let answer = refresh(&app, nothing).await;
        assert_eq!((answer.status, code(&answer)), (401, "invalid_refresh_token"));
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_immediate_parent_gives_the_same_child_for_ten_seconds() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let second = child(&refresh(&app, &ann.refresh_token).await);
    assert_eq!(child(&refresh(&app, &ann.refresh_token).await), second);
    app.owner_sql("UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds' WHERE used_at IS NOT NULL")
        .await;
    let late = refresh(&app, &ann.refresh_token).await;
    assert_eq!((late.status, code(&late)), (401, "refresh_token_reused"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_token_ends_the_family() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let second = child(&refresh(&app, &ann.refresh_token).await);
    let third = child(&refresh(&app, &second).await);
    assert_eq!(ann.get("/api/v1/auth/me").await.status, 200);
    let reused = refresh(&app, &ann.refresh_token).await;
    assert_eq!((reused.status, code(&reused)), (401, "refresh_token_reused"));
    let after = refresh(&app, &third).await;
    assert_eq!((after.status, code(&after)), (401, "invalid_refresh_token"));
    assert_eq!(code(&ann.get("/api/v1/auth/me").await), "session_revoked");
    assert_eq!(app.wait_for_event("REFRESH_TOKEN_REUSED").await.tenant_id.to_string(), ann.tenant);
    assert_eq!(app.count("sessions WHERE revoked_reason = 'token_reused'").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_refreshes_agree() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let tries = (0..10).map(|_| {
        let (client, token) = (app.anonymous(), ann.refresh_token.clone());
        tokio::spawn(async move { client.post("/api/v1/auth/refresh", json!({"refreshToken": token})).await })
    });
    let mut children = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        children.push(child(&one.await.expect("no panic")));
    }
    children.dedup();
    assert_eq!(children.len(), 1);
    assert_eq!(app.count("refresh_tokens").await, 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_readable_is_stored() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let second = child(&refresh(&app, &ann.refresh_token).await);
    child(&refresh(&app, &second).await);
    for token in [&ann.refresh_token, &second] {
        let plain = format!(
            "refresh_tokens WHERE position('{token}'::bytea IN token_hash) > 0 \
             OR position('{token}'::bytea IN coalesce(successor_sealed, '')) > 0"
        );
        assert_eq!(app.count(&plain).await, 0);
    }
    assert_eq!(app.count("refresh_tokens WHERE successor_sealed IS NOT NULL").await, 1, "only the youngest pair's");
    app.finish().await;
}
