//! Tenants and their members.

use serde_json::json;

use crate::support::{User, code, machine, member, sign_up, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_changed_by_version() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let shown = ann.get("/api/v1/tenants/current").await;
    assert_eq!((shown.status, shown.header("etag")), (200, Some("\"1\"")), "{shown:?}");
    let change = json!({"name": "New", "timezone": "America/Lima", "settings": {"theme": "dark", "n": 1.50}});
    let path = "/api/v1/tenants/current";
    let changed = ann.send("PATCH", path, &[("if-match", "\"1\"")], Some(change.clone())).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{changed:?}");
    assert_eq!(changed.body["data"]["settings"], change["settings"]);
    let late = ann.send("PATCH", path, &[("if-match", "\"1\"")], Some(json!({"name": "Late"}))).await;
    assert_eq!((late.status, code(&late)), (412, "version_conflict"));
    assert_eq!(late.body["error"]["context"]["currentVersion"], 2);
    for bad in [
        json!({"timezone": "Mars/Olympus"}),
        json!({"name": ""}),
        json!({"name": "a\0b"}),
        json!({"settings": []}),
        json!({"plan": "gold"}),
        json!({"settings": {"x": "y".repeat(20_000)}}),
        json!({"settings": (0..40).fold(json!({}), |inner, _| json!({"a": inner}))}),
    ] {
        let answer = ann.patch(path, bad).await;
        assert_eq!((answer.status, code(&answer)), (422, "validation_failed"));
    }
    assert_eq!(ann.get(path).await.body["data"]["version"], 2);
    app.wait_for_event("TENANT_UPDATED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_tenant_is_made_once() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let create = async || {
        let body = Some(json!({"name": "Second"}));
        ann.send("POST", "/api/v1/tenants", &[("idempotency-key", "k")], body).await
    };
    let (first, again) = (create().await, create().await);
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(first.body["data"]["id"], again.body["data"]["id"]);
    let list = ann.get("/api/v1/tenants").await;
    assert_eq!(list.body["data"].as_array().map(Vec::len), Some(2), "{list:?}");
    assert_eq!(list.body["data"][0]["name"], "Second", "newest first");
    let agent = machine(&app, &ann, "agent").await;
    assert_eq!(
        agent.get("/api/v1/tenants").await.body["data"],
        json!([{"id": ann.tenant, "name": "ann's", "role": "agent"}])
    );
    test_support::wait_until("both tenants are told", async || {
        (app.events_of("TENANT_CREATED").await.len() == 2).then_some(())
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_tell_their_permissions() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let roles = ann.get("/api/v1/tenants/current/roles").await;
    let names: Vec<_> = roles.body["data"].as_array().expect("a list").iter().map(|role| text(&role["role"])).collect();
    assert_eq!(names, ["owner", "admin", "reviewer", "analyst", "agent"]);
    assert_eq!(roles.body["data"][4]["permissions"], json!(["records:write", "records:read", "events:read"]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_counts_at_once_and_owners_are_owners_business() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "analyst", "bob").await;
    let eve = member(&app, &ann, "admin", "eve").await;
    let path = |user: &str| format!("/api/v1/tenants/current/members/{user}");
    assert_eq!(bob.get("/api/v1/tenants/current/members").await.body["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(code(&bob.patch("/api/v1/tenants/current", json!({"name": "x"})).await), "forbidden");

    let promoted = eve.patch(&path(&bob.id), json!({"role": "admin"})).await;
    assert_eq!((promoted.status, &promoted.body["data"]["role"]), (200, &json!("admin")), "{promoted:?}");
    assert_eq!(bob.patch("/api/v1/tenants/current", json!({"name": "x"})).await.status, 200);
    let event = app.wait_for_event("ROLE_CHANGED").await;
    assert_eq!(event.actor.name.as_deref(), Some("eve@example.com"));

    for (user, role) in [(&bob.id, "owner"), (&ann.id, "admin")] {
        let refused = eve.patch(&path(user), json!({"role": role})).await;
        assert_eq!((refused.status, code(&refused)), (403, "forbidden"));
        assert_eq!(refused.body["error"]["context"]["permission"], "owners:write");
    }
    assert_eq!(code(&eve.delete(&path(&ann.id)).await), "forbidden");
    assert_eq!(code(&ann.patch(&path(&bob.id), json!({"role": "agent"})).await), "validation_failed");
    assert_eq!(code(&ann.patch(&path(&app_id()), json!({"role": "admin"})).await), "not_found");

    assert_eq!(ann.delete(&path(&bob.id)).await.status, 200);
    assert_eq!(code(&bob.get("/api/v1/auth/me").await), "session_revoked");
    assert_eq!(code(&ann.delete(&path(&bob.id)).await), "not_found");
    app.wait_for_event("MEMBER_REMOVED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_a_role_beyond_their_own() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "reviewer", "bob").await;
    let narrow = json!({"name": "narrow", "role": "admin", "scopes": ["members:write"]});
    let key = ann.post("/api/v1/auth/api-keys", narrow).await;
    let robot = User { token: text(&key.body["data"]["key"]), ..ann.clone() };
    let refused = robot.patch(&format!("/api/v1/tenants/current/members/{}", bob.id), json!({"role": "admin"})).await;
    assert_eq!((refused.status, code(&refused)), (403, "forbidden"), "{refused:?}");
    assert_eq!(refused.body["error"]["context"]["permission"], "tenants:read");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_caller_changes_nothing_while_still_remembered() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "analyst", "bob").await;
    let eve = member(&app, &ann, "admin", "eve").await;
    assert_eq!(eve.get("/api/v1/tenants/current").await.status, 200, "remembered as an admin");
    app.owner_sql(&format!("UPDATE memberships SET role = 'reviewer' WHERE user_id = '{}'", eve.id)).await;
    let path = format!("/api/v1/tenants/current/members/{}", bob.id);
    let key = json!({"name": "k", "role": "admin", "scopes": ["records:read"]});
    for (answer, permission) in [
        (eve.patch(&path, json!({"role": "reviewer"})).await, "members:write"),
        (eve.delete(&path).await, "members:write"),
        (eve.post("/api/v1/auth/api-keys", key).await, "api-keys:write"),
    ] {
        assert_eq!((answer.status, code(&answer)), (403, "forbidden"), "{answer:?}");
        assert_eq!(answer.body["error"]["context"]["permission"], permission);
    }
    assert_eq!(bob.get("/api/v1/auth/me").await.body["data"]["role"], "analyst");
    assert_eq!(app.count("api_keys").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays_even_in_a_race() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let path = |user: &str| format!("/api/v1/tenants/current/members/{user}");
    let alone = ann.patch(&path(&ann.id), json!({"role": "admin"})).await;
    assert_eq!((alone.status, code(&alone)), (409, "last_owner"));
    assert_eq!(code(&ann.delete(&path(&ann.id)).await), "last_owner");

    let bob = member(&app, &ann, "owner", "bob").await;
    let step_down = |user: crate::support::User| async move {
        user.patch(&format!("/api/v1/tenants/current/members/{}", user.id), json!({"role": "reviewer"})).await.status
    };
    let (one, other) = (tokio::spawn(step_down(ann.clone())), tokio::spawn(step_down(bob)));
    let mut statuses = [one.await.expect("no panic"), other.await.expect("no panic")];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let owners = format!("memberships WHERE tenant_id = '{}' AND role = 'owner'", ann.tenant);
    assert_eq!(app.count(&owners).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_who_remove_each_other_one_stays() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "owner", "bob").await;
    let remove = |by: User, whom: String| async move {
        by.delete(&format!("/api/v1/tenants/current/members/{whom}")).await.status
    };
    let one = tokio::spawn(remove(ann.clone(), bob.id.clone()));
    let other = tokio::spawn(remove(bob.clone(), ann.id.clone()));
    let mut statuses = [one.await.expect("no panic"), other.await.expect("no panic")];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "the other was no member any more");
    let owners = format!("memberships WHERE tenant_id = '{}' AND role = 'owner'", ann.tenant);
    assert_eq!(app.count(&owners).await, 1);
    app.finish().await;
}

/// An id that nobody has.
fn app_id() -> String {
    "0190a000-0000-7000-8000-000000000000".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_that_raw_forms_are_kept_are_checked() {
    let app = start().await;
    let owner = sign_up(&app, "owner").await;
    let patch = async |days: serde_json::Value| {
        owner.patch("/api/v1/tenants/current", json!({"settings": {"retentionDays": days}})).await
    };
    for odd in [json!(0), json!(-1), json!(3_651), json!(1.5), json!("30"), json!([30])] {
        let refused = patch(odd.clone()).await;
        assert_eq!((refused.status, code(&refused)), (422, "validation_failed"), "{odd}");
        let path = &refused.body["error"]["context"]["fields"][0]["path"];
        assert_eq!(path, "settings.retentionDays", "{odd}");
    }
    for days in [json!(1), json!(3_650), json!(null)] {
        assert_eq!(patch(days.clone()).await.status, 200, "{days}");
    }
    app.finish().await;
}
