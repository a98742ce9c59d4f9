//! Two tenants: nothing of the one is seen, counted or changed by the other.

use common::TenantId;
use db::{DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl as _;
use serde_json::json;
use test_support::TestApp;

use crate::support::{code, machine, member, sign_up, start};

#[tokio::test(flavor = "multi_thread")]
async fn no_call_reaches_into_another_tenant() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let robot = machine(&app, &ann, "agent").await;
    let carl = member(&app, &ann, "reviewer", "carl").await;
    let bob = sign_up(&app, "bob").await;
    let before = ann.get("/api/v1/tenants/current/members").await.body["data"].clone();

    let invite = json!({"email": "x@example.com", "role": "analyst"});
    let invite = ann.post("/api/v1/tenants/current/invites", invite).await.body["data"]["id"].clone();
    let invite_path = format!("/api/v1/tenants/current/invites/{}", invite.as_str().expect("an id"));
    let member_path = format!("/api/v1/tenants/current/members/{}", carl.id);
    for answer in [
        bob.delete(&format!("/api/v1/auth/api-keys/{}", robot.id)).await,
        bob.patch(&member_path, json!({"role": "admin"})).await,
        bob.delete(&member_path).await,
        bob.delete(&invite_path).await,
        bob.post(&format!("{invite_path}/resend"), json!({})).await,
        bob.post("/api/v1/auth/tenant", json!({"tenantId": ann.tenant})).await,
    ] {
        assert_eq!((answer.status, code(&answer)), (404, "not_found"));
    }
    assert_eq!(bob.get("/api/v1/auth/api-keys").await.body["data"], json!([]));
    assert_eq!(bob.get("/api/v1/tenants/current/invites").await.body["data"], json!([]));
    assert_eq!(bob.get("/api/v1/tenants/current/members").await.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(bob.get("/api/v1/tenants").await.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(bob.get("/api/v1/auth/sessions").await.body["data"].as_array().map(Vec::len), Some(1));
    bob.patch("/api/v1/tenants/current", json!({"name": "mine"})).await;
    assert_eq!(ann.get("/api/v1/tenants/current").await.body["data"]["name"], "ann's");
    assert_eq!(ann.get("/api/v1/tenants/current/members").await.body["data"], before);
    assert_eq!(robot.get("/api/v1/records").await.status, 200);
    app.finish().await;
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

const TABLES: [(&str, &str); 12] = [
    ("SELECT count(*) AS count FROM tenants", "tenants"),
    ("SELECT count(*) AS count FROM memberships", "memberships"),
    ("SELECT count(*) AS count FROM sessions", "sessions"),
    ("SELECT count(*) AS count FROM refresh_tokens", "refresh_tokens"),
    ("SELECT count(*) AS count FROM api_keys", "api_keys"),
    ("SELECT count(*) AS count FROM invites", "invites"),
    ("SELECT count(*) AS count FROM invite_links", "invite_links"),
    ("SELECT count(*) AS count FROM idempotency_keys", "idempotency_keys"),
    ("SELECT count(*) AS count FROM sign_in_providers", "sign_in_providers"),
    ("SELECT count(*) AS count FROM sign_in_domains", "sign_in_domains"),
    ("SELECT count(*) AS count FROM sign_in_identities", "sign_in_identities"),
    ("SELECT count(*) AS count FROM sign_in_flows", "sign_in_flows"),
];

async fn count_as(app: &TestApp, tenants: &[TenantId], sql: &'static str) -> i64 {
    let counted: Result<Count, DbError> =
        app.db().tenants(tenants, async |connection| Ok(statement(sql).get_result(connection).await?)).await;
    counted.expect("the application's role may read").count
}

#[tokio::test(flavor = "multi_thread")]
async fn row_level_security_binds_the_applications_role() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    ann.send("POST", "/api/v1/auth/api-keys", &[("idempotency-key", "k")], Some(json!({"name": "r", "role": "agent"})))
        .await;
    let bob = sign_up(&app, "bob").await;
    for user in [&ann, &bob] {
        let invite = json!({"email": "x@example.com", "role": "analyst"});
        assert_eq!(user.post("/api/v1/tenants/current/invites", invite).await.status, 201);
    }
    for user in [&ann, &bob] {
        app.owner_sql(&format!(
            "INSERT INTO sign_in_providers VALUES ('{tenant}', 'i', 'c', '', 'analyst', 'claim', 1, true, false, 1, now(), now()); \
             INSERT INTO sign_in_domains VALUES ('{tenant}', 'example.com', 'x', now()); \
             INSERT INTO sign_in_identities VALUES ('{tenant}', 'i', 's', '{id}', now(), now()); \
             INSERT INTO sign_in_flows VALUES ('{id}', '{tenant}', '', 'i', 'c', 'r', '', NULL, now() + interval '1 hour')",
            tenant = user.tenant,
            id = user.id,
        ))
        .await;
    }
    let own: TenantId = ann.tenant.parse().expect("an id");
    for (sql, table) in TABLES {
        assert!(count_as(&app, &[own], sql).await >= 1, "{table}");
        let all = app.count(table).await;
        let expected = if matches!(table, "api_keys" | "idempotency_keys") { all } else { all / 2 };
        assert_eq!(count_as(&app, &[own], sql).await, expected, "{table} shows rows of another tenant");
        assert_eq!(count_as(&app, &[TenantId::generate()], sql).await, 0, "{table} shows rows to a stranger");
    }
    let moved: Result<usize, DbError> = app
        .db()
        .tenant(own, async |connection| {
            let steal = statement("UPDATE memberships SET role = 'admin' WHERE tenant_id <> (app_tenants())[1]");
            Ok(steal.execute(connection).await?)
        })
        .await;
    assert_eq!(moved.expect("the update runs"), 0);
    app.finish().await;
}
