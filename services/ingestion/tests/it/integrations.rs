//! Sources: connected, changed, removed.

use common::{Role, TenantId};
use serde_json::json;

use crate::sender::{Sender, connect};
use crate::start;

const PATH: &str = "/api/v1/integrations";

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_data() {
    let app = start().await;
    let answer = app.caller(TenantId::generate(), Role::Analyst).get("/api/v1/integrations/providers").await;
    assert_eq!(answer.status, 200);
    let names: Vec<_> = answer.body.as_array().expect("a list").iter().map(|p| p["provider"].clone()).collect();
    assert_eq!(names, ["generic", "standard-webhooks", "github", "stripe", "shopify", "slack", "gitlab", "oauth2"]);
    for provider in answer.body.as_array().expect("a list") {
        let auth = if provider["provider"] == "oauth2" { "oauth2" } else { "webhook" };
        assert_eq!(provider["auth"], auth);
        assert!(provider["displayName"].is_string() && provider["setup"].is_string());
        assert!(provider["signature"]["header"].is_string() && provider["mapping"].is_object());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_lives_from_connection_to_deletion() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let made = admin.post(PATH, json!({"provider": "generic", "name": "Support"})).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{made:?}");
    let secret = made.body["webhook"]["secret"].as_str().expect("shown once");
    assert_eq!(secret.len(), 43);
    let source = Sender::of(&app, &made.body);
    let own = format!("{PATH}/{}", source.id);

    let shown = admin.get(&own).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.body["webhook"].get("secret"), None, "shown once only");
    assert_eq!(admin.get(PATH).await.body[0]["id"], source.id.as_str());

    let taken = admin.post(PATH, json!({"provider": "github", "name": "Support"})).await;
    assert_eq!((taken.status, taken.body["code"].as_str()), (409, Some("integration_exists")));

    let stale = admin.send("PATCH", &own, &[("if-match", "\"7\"")], Some(json!({"name": "New"}))).await;
    assert_eq!((stale.status, stale.body["code"].as_str()), (412, Some("version_conflict")));
    let changed = admin.send("PATCH", &own, &[("if-match", "\"1\"")], Some(json!({"name": "New"}))).await;
    assert_eq!((changed.status, &changed.body["version"]), (200, &json!(2)));
    let same = admin.patch(&own, json!({"name": "New"})).await;
    assert_eq!(same.body["version"], 2, "naming nothing new changes nothing");
    let other = connect(&app, TenantId::generate(), "generic").await;
    assert_eq!(admin.patch(&format!("{PATH}/{}", other.id), json!({"name": "x"})).await.status, 404);

    assert_eq!(source.send("d-1", &json!({"text": "before"})).await.status, 202);
    let gone = admin.delete(&own).await;
    assert_eq!((gone.status, &gone.body["name"]), (200, &json!("New")));
    assert_eq!(source.send("d-2", &json!({"text": "after"})).await.status, 404);
    assert_eq!(admin.get(&own).await.status, 404);
    assert_eq!(admin.delete(&own).await.status, 404);
    assert_eq!(admin.post(PATH, json!({"provider": "generic", "name": "New"})).await.status, 201, "its name is free");
    for kind in ["INTEGRATION_CONNECTED", "INTEGRATION_UPDATED", "INTEGRATION_DELETED"] {
        app.wait_for_event(kind).await;
    }
    let updated = app.wait_for_event("INTEGRATION_UPDATED").await;
    let data: serde_json::Value = serde_json::from_str(updated.data.get()).expect("JSON");
    assert_eq!(data["before"]["name"], "Support", "{data:#}");
    assert_eq!((&data["after"]["name"], &data["after"]["status"]), (&data["name"], &data["status"]), "{data:#}");
    assert!(!updated.data.get().contains("ecret"), "{data:#}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn config_and_mapping_change_how_deliveries_are_read() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "standard-webhooks").await;
    let own = format!("{PATH}/{}", source.id);
    let body = br#"{"message":{"subject":"S","lines":["one","two"]}}"#;
    let late = source.sign("d-1", body, -4_000);
    assert_eq!(source.send_with(&late, body).await.status, 401);
    let mapping = json!({"title": "$.message.subject", "text": ["$.none", "$.message.lines[1]"],
        "attributes": {"kind": {"const": "mail"}}});
    let change = json!({"config": {"toleranceSeconds": 86_400}, "mapping": mapping});
    assert_eq!(admin.patch(&own, change).await.status, 200);
    let answer = source.send_with(&late, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let record = admin.get(&format!("/api/v1/records/{}", answer.body["recordId"].as_str().expect("id"))).await;
    assert_eq!(record.body["normalized"]["title"], "S");
    assert_eq!(record.body["normalized"]["text"], "two");
    assert_eq!(record.body["normalized"]["attributes"], json!({"kind": "mail"}));
    let back = admin.patch(&own, json!({"mapping": null})).await;
    assert_eq!((back.status, &back.body["mapping"]), (200, &json!(null)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_shows_the_same_secret_and_none_is_stored_plain() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    let body = json!({"provider": "standard-webhooks", "name": "Shop"});
    let key = [("idempotency-key", "k-1")];
    let first = admin.send("POST", PATH, &key, Some(body.clone())).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = admin.send("POST", PATH, &key, Some(body)).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.body, first.body);
    let other = admin.send("POST", PATH, &key, Some(json!({"provider": "generic", "name": "Shop"}))).await;
    assert_eq!((other.status, other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    let secret = first.body["webhook"]["secret"].as_str().expect("shown");
    assert!(secret.starts_with("whsec_"));
    assert_eq!(app.count(&format!("idempotency_keys WHERE body::text LIKE '%{secret}%'")).await, 0);
    assert_eq!(app.count(&format!("outbox WHERE event::text LIKE '%{secret}%'")).await, 0);
    assert_eq!(app.count("integrations").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_where_the_page_ended() {
    let app = start().await;
    let admin = app.caller(TenantId::generate(), Role::Admin);
    for n in 0..5 {
        admin.post(PATH, json!({"provider": "github", "name": format!("n{n}")})).await;
    }
    let mut names = Vec::new();
    let mut path = format!("{PATH}?limit=2");
    loop {
        let page = admin.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        names.extend(page.body.as_array().expect("a list").iter().map(|row| row["name"].clone()));
        let Some(cursor) = page.next_cursor() else { break };
        path = format!("{PATH}?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["n4", "n3", "n2", "n1", "n0"]);
    app.finish().await;
}
