//! What must not slip through between the check of a credential and the work that it allows.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use serde_json::json;
use test_support::{Answer, TestApp, wait_until};
use tokio::task::JoinHandle;

use crate::support::{PASSWORD, User, code, sign_up, start, text};

/// Begins a transaction as superuser that holds what the statements lock or change.
async fn holding(app: &TestApp, sql: &str) -> AsyncPgConnection {
    let mut connection = app.database().superuser().await;
    connection.batch_execute(&format!("BEGIN; {sql}")).await.expect("the SQL runs");
    connection
}

/// Waits until a request waits for what is held, lets go, and gives the request's answer.
async fn let_go(app: &TestApp, mut held: AsyncPgConnection, request: JoinHandle<Answer>) -> Answer {
    wait_until("the request waits for a lock", async || {
        let waiting = app.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
        (waiting.await > 0).then_some(())
    })
    .await;
    held.batch_execute("COMMIT").await.expect("commits");
    request.await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_password_opens_no_session_after_it_was_changed() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    // A reset that has set the password and ended the sessions, and is about to commit.
    let reset = format!(
        "UPDATE users SET password_hash = 'another' WHERE id = '{0}';
         UPDATE sessions SET revoked_at = now(), revoked_reason = 'password_changed' WHERE user_id = '{0}'",
        ann.id
    );
    let held = holding(&app, &reset).await;
    let (client, body) = (app.anonymous(), json!({"email": "ann@example.com", "password": PASSWORD}));
    let login = tokio::spawn(async move { client.post("/api/v1/auth/login", body).await });
    let answer = let_go(&app, held, login).await;
    assert_eq!((answer.status, code(&answer)), (503, "service_unavailable"), "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(app.count("sessions WHERE revoked_at IS NULL").await, 0);
    assert_eq!(app.count("sign_in_failures WHERE failures > 0").await, 0, "it was no guess");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_being_ended_opens_no_other() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let second = text(&ann.post("/api/v1/tenants", json!({"name": "Second"})).await.body["data"]["id"]);
    let end =
        format!("UPDATE sessions SET revoked_at = now(), revoked_reason = 'revoked' WHERE user_id = '{}'", ann.id);
    let held = holding(&app, &end).await;
    let user = ann.clone();
    let switch = tokio::spawn(async move { user.post("/api/v1/auth/tenant", json!({"tenantId": second})).await });
    let answer = let_go(&app, held, switch).await;
    assert_eq!((answer.status, code(&answer)), (401, "session_revoked"), "{answer:?}");
    assert_eq!(app.count("sessions WHERE revoked_at IS NULL").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_just_being_opened_ends_with_its_opener() {
    let app = start().await;
    for path in ["/api/v1/auth/logout", "/api/v1/auth/sessions?keepCurrent=false"] {
        let ann = sign_up(&app, if path.ends_with("logout") { "ann" } else { "bob" }).await;
        // A switch of tenants that is about to commit, in the order in which it works.
        let open = format!(
            "SELECT FROM sessions WHERE user_id = '{0}' FOR SHARE;
             INSERT INTO sessions (id, tenant_id, user_id, created_at, last_used_at, expires_at, opened_by)
             SELECT gen_random_uuid(), tenant_id, user_id, now(), now(), expires_at, id FROM sessions
             WHERE user_id = '{0}'",
            ann.id
        );
        let held = holding(&app, &open).await;
        let user: User = ann.clone();
        let method = if path.ends_with("logout") { "POST" } else { "DELETE" };
        let end = tokio::spawn(async move { user.send(method, path, &[], None).await });
        let answer = let_go(&app, held, end).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let left = app.count(&format!("sessions WHERE user_id = '{}' AND revoked_at IS NULL", ann.id)).await;
        assert_eq!(left, 0, "{path}");
    }
    app.finish().await;
}
