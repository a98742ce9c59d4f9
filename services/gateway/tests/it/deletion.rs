//! The end of a tenant.

use serde_json::{Value, json};
use test_support::{Answer, wait_until};

use crate::support::{PASSWORD, User, code, machine, mailed_token, member, sign_up, start};

const TENANT: &str = "/api/v1/tenants/current";

async fn delete(user: &User, body: Value) -> Answer {
    user.send("DELETE", TENANT, &[], Some(body)).await
}

fn rule(answer: &Answer) -> (u16, &str, Value) {
    let field = &answer.body["error"]["context"]["fields"][0];
    (answer.status, code(answer), json!([field["path"], field["rule"]]))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_name_and_the_password_of_an_owner() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let eve = member(&app, &ann, "admin", "eve").await;
    let robot = machine(&app, &ann, "owner").await;
    let sure = json!({"name": "ann's", "password": PASSWORD});
    let refused = delete(&eve, sure.clone()).await;
    assert_eq!((refused.status, code(&refused)), (403, "forbidden"));
    assert_eq!(refused.body["error"]["context"]["permission"], "tenants:delete");
    let refused = delete(&robot, json!({"name": "ann's"})).await;
    assert_eq!((refused.status, code(&refused)), (403, "forbidden"), "not by a machine: {refused:?}");

    let bare = delete(&ann, json!({"name": "ann's"})).await;
    assert_eq!(rule(&bare), (422, "validation_failed", json!(["password", "required"])));
    let wrong = delete(&ann, json!({"name": "ann's", "password": "wrong"})).await;
    assert_eq!((wrong.status, code(&wrong)), (401, "invalid_credentials"));
    for name in ["ann", "Ann's", ""] {
        let other = delete(&ann, json!({"name": name, "password": PASSWORD})).await;
        assert_eq!(rule(&other), (422, "validation_failed", json!(["name", "confirmation"])), "{name:?}");
    }
    for bad in [json!({}), json!({"password": PASSWORD}), json!({"name": "ann's", "force": true})] {
        assert_eq!(delete(&ann, bad).await.status, 422);
    }
    app.owner_sql(&format!("UPDATE memberships SET role = 'admin' WHERE user_id = '{}'", ann.id)).await;
    let demoted = delete(&ann, sure).await;
    assert_eq!((demoted.status, code(&demoted)), (403, "forbidden"), "{demoted:?}");
    assert_eq!(app.count("tenants WHERE deleted_at IS NOT NULL").await, 0);
    assert_eq!(eve.get(TENANT).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_it_ends_at_once_and_nothing_of_others() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "reviewer", "bob").await;
    let robot = machine(&app, &ann, "agent").await;
    let invite = json!({"email": "x@example.com", "role": "analyst"});
    assert_eq!(ann.post(&format!("{TENANT}/invites"), invite).await.status, 201);
    let link = mailed_token(&app, "x@example.com", 1).await;
    for user in [&bob, &robot] {
        assert_eq!(user.get("/api/v1/records").await.status, 200, "remembered by the gate");
    }
    let deleted = delete(&ann, json!({"name": "ann's", "password": PASSWORD})).await;
    assert_eq!((deleted.status, &deleted.body["data"]), (200, &Value::Null), "{deleted:?}");

    for user in [&ann, &bob] {
        let gone = user.get("/api/v1/records").await;
        assert_eq!((gone.status, code(&gone)), (401, "session_revoked"), "{gone:?}");
        assert_eq!(gone.body["error"]["context"]["reason"], "tenant_deleted");
        let refreshed = app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": user.refresh_token})).await;
        assert_eq!((refreshed.status, code(&refreshed)), (401, "invalid_refresh_token"));
    }
    assert_eq!(code(&robot.get("/api/v1/records").await), "unauthenticated");
    let accept = json!({"token": link, "name": "X", "password": PASSWORD});
    let unusable = app.anonymous().post("/api/v1/tenants/invites/accept", accept).await;
    assert_eq!((unusable.status, code(&unusable)), (410, "invite_unusable"));

    let told = app.wait_for_event("TENANT_DELETED").await;
    assert_eq!((told.tenant_id.to_string(), told.actor.id.as_str()), (ann.tenant.clone(), ann.id.as_str()));
    assert!(told.data.get().contains("ann's"), "{told:?}");
    let own = format!("tenant_id = '{}'", ann.tenant);
    for table in ["memberships", "invites", "invite_links", "api_keys", "refresh_tokens", "idempotency_keys"] {
        assert_eq!(app.count(&format!("{table} WHERE {own}")).await, 0, "{table}");
    }
    assert_eq!(app.count(&format!("sessions WHERE {own} AND (revoked_at IS NULL OR user_agent IS NOT NULL)")).await, 0);
    assert_eq!(
        app.count(&format!("tenants WHERE id = '{}' AND name = '' AND deleted_at IS NOT NULL", ann.tenant)).await,
        1
    );

    // Bob still has his own tenant, and Ann her account.
    let login = json!({"email": "bob@example.com", "password": PASSWORD});
    let home = app.anonymous().post("/api/v1/auth/login", login).await;
    assert_eq!((home.status, &home.body["data"]["tenant"]["name"]), (200, &json!("bob's")), "{home:?}");
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    let nowhere = app.anonymous().post("/api/v1/auth/login", login).await;
    assert_eq!((nowhere.status, code(&nowhere)), (403, "forbidden"), "{nowhere:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_replica_hears_of_it() {
    let app = crate::support::start_with(|settings| settings.auth.token_check_seconds = 60).await;
    let ann = sign_up(&app, "ann").await;
    let robot = machine(&app, &ann, "agent").await;
    for user in [&ann, &robot] {
        assert_eq!(user.get("/api/v1/records").await.status, 200);
    }
    // What another replica does reaches this one only through the database.
    let began = std::time::Instant::now();
    app.owner_sql(&format!(
        "UPDATE tenants SET deleted_at = now() WHERE id = '{0}'; DELETE FROM api_keys WHERE tenant_id = '{0}'",
        ann.tenant
    ))
    .await;
    wait_until("the key is forgotten", async || (robot.get("/api/v1/records").await.status == 401).then_some(())).await;
    assert!(began.elapsed().as_secs() < 4, "sooner than its memory ends: {:?}", began.elapsed());
    app.finish().await;
}
