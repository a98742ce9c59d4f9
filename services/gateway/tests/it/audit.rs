//! Every administrative act is an event with its actor, what was and what is, and no secret.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use test_support::{TestApp, wait_until};

use crate::support::{PASSWORD, User, mailed_token, member, sign_up, start, text};

const NEW: &str = "another horse altogether";

async fn data_of(app: &TestApp, kind: &str) -> Value {
    let event = app.wait_for_event(kind).await;
    serde_json::from_str(event.data.get()).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_is_told_once_by_whoever_did_it() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "analyst", "bob").await;
    let done = async |method: &str, path: &str, body: Option<Value>| {
        let answer = ann.send(method, &format!("/api/v1{path}"), &[], body).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        answer.body["data"].clone()
    };
    done("PATCH", "/tenants/current", Some(json!({"name": "New", "settings": {"a": 1}}))).await;
    done("PATCH", &format!("/tenants/current/members/{}", bob.id), Some(json!({"role": "reviewer"}))).await;
    done("DELETE", &format!("/tenants/current/members/{}", bob.id), None).await;
    let key = done("POST", "/auth/api-keys", Some(json!({"name": "robot", "role": "agent"}))).await;
    done("DELETE", &format!("/auth/api-keys/{}", text(&key["id"])), None).await;
    let invite =
        done("POST", "/tenants/current/invites", Some(json!({"email": "x@example.com", "role": "admin"}))).await;
    let invite = format!("/tenants/current/invites/{}", text(&invite["id"]));
    done("POST", &format!("{invite}/resend"), None).await;
    let token = mailed_token(&app, "x@example.com", 2).await;
    done("DELETE", &invite, None).await;
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    let phone = User::signed_in(&app, &app.anonymous().post("/api/v1/auth/login", login).await);
    done("DELETE", "/auth/sessions", None).await;
    let change = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    done("POST", "/auth/password/change", Some(change)).await;

    let expected: BTreeSet<&str> = [
        "API_KEY_CREATED",
        "API_KEY_REVOKED",
        "INVITE_RESENT",
        "INVITE_REVOKED",
        "MEMBER_INVITED",
        "MEMBER_JOINED",
        "MEMBER_REMOVED",
        "PASSWORD_CHANGED",
        "ROLE_CHANGED",
        "SESSIONS_REVOKED",
        "TENANT_CREATED",
        "TENANT_UPDATED",
    ]
    .into();
    let events = wait_until("every act is in the feed", async || {
        let events: Vec<_> =
            app.events().await.into_iter().filter(|event| event.tenant_id.to_string() == ann.tenant).collect();
        let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        (kinds == expected).then_some(events)
    })
    .await;
    assert_eq!(events.len(), expected.len(), "each once");
    let secrets = [text(&key["key"]), token, PASSWORD.into(), NEW.into(), phone.token, phone.refresh_token];
    for event in &events {
        assert_eq!((event.actor.id.as_str(), event.actor.name.as_deref()), (ann.id.as_str(), Some("ann@example.com")));
        for secret in &secrets {
            assert!(!event.data.get().contains(secret.as_str()), "{} holds a secret", event.kind);
        }
    }
    let updated = data_of(&app, "TENANT_UPDATED").await;
    assert_eq!(updated["before"], json!({"name": "ann's", "settings": {}}));
    assert_eq!(updated["after"], json!({"name": "New", "settings": {"a": 1}}));
    let changed = data_of(&app, "ROLE_CHANGED").await;
    assert_eq!((&changed["before"], &changed["after"]), (&json!("analyst"), &json!("reviewer")));
    app.finish().await;
}
