//! A secret is replaced while its sender still signs with the previous one.

use common::{IntegrationId, Role, TenantId};
use serde_json::{Value, json};
use test_support::{Answer, wait_until};

use crate::sender::{Sender, connect};
use crate::start;

fn secret(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["secret"].as_str().expect("shown").to_owned()
}

async fn status(source: &Sender, id: &str) -> u16 {
    source.send(id, &json!({"text": id})).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_verify_until_the_previous_one_is_revoked() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let old = connect(&app, tenant, "standard-webhooks").await;
    let own = format!("/api/v1/integrations/{}", old.id);
    let rotated = admin.post(&format!("{own}/secret/rotate"), json!({})).await;
    let new = old.with_secret(&secret(&rotated));
    assert!(rotated.body["previousSecretExpiresAt"].is_string(), "{rotated:?}");
    assert_eq!((status(&old, "d-1").await, status(&new, "d-2").await), (202, 202));

    let again = admin.post(&format!("{own}/secret/rotate"), json!({"graceSeconds": 60})).await;
    assert_eq!((again.status, again.body["code"].as_str()), (409, Some("rotation_in_progress")), "{again:?}");
    assert!(again.body["context"]["previousSecretExpiresAt"].is_string(), "{again:?}");

    let revoked = admin.post(&format!("{own}/secret/revoke-previous"), json!({})).await;
    assert_eq!((revoked.status, &revoked.body["previousSecretExpiresAt"]), (200, &Value::Null), "{revoked:?}");
    assert_eq!((status(&old, "d-3").await, status(&new, "d-4").await), (401, 202));
    let twice = admin.post(&format!("{own}/secret/revoke-previous"), json!({})).await;
    assert_eq!(twice.body["version"], revoked.body["version"], "nothing to revoke changes nothing");

    let told =
        wait_until("both events", async || Some(app.events_of("SECRET_ROTATED").await).filter(|told| told.len() == 2))
            .await;
    assert!(told.iter().all(|event| !event.data.get().contains("whsec_")), "{told:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_rotation_and_one_without_grace_end_the_previous_secret() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let first = connect(&app, tenant, "generic").await;
    let rotate = format!("/api/v1/integrations/{}/secret/rotate", first.id);
    let second = first.with_secret(&secret(&admin.post(&rotate, json!({})).await));
    let third = first.with_secret(&secret(&admin.post(&rotate, json!({"force": true})).await));
    assert_eq!(
        (status(&first, "d-1").await, status(&second, "d-2").await, status(&third, "d-3").await),
        (401, 202, 202)
    );
    let fourth = secret(&admin.post(&rotate, json!({"force": true, "graceSeconds": 0})).await);
    assert_eq!((status(&third, "d-4").await, status(&first.with_secret(&fourth), "d-5").await), (401, 202));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_rotates_once_and_faults_are_named() {
    let app = start().await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let source = connect(&app, tenant, "generic").await;
    let rotate = format!("/api/v1/integrations/{}/secret/rotate", source.id);
    let key = [("idempotency-key", "once")];
    let first = admin.send("POST", &rotate, &key, Some(json!({}))).await;
    let repeated = admin.send("POST", &rotate, &key, Some(json!({}))).await;
    assert_eq!((repeated.header("idempotent-replayed"), secret(&repeated)), (Some("true"), secret(&first)));
    let kept = "idempotency_keys WHERE body::text LIKE '%";
    assert_eq!(app.count(&format!("{kept}{}%'", secret(&first))).await, 0, "kept sealed only");

    let stale = admin.send("POST", &rotate, &[("if-match", "\"1\"")], Some(json!({}))).await;
    assert_eq!((stale.status, stale.body["code"].as_str()), (412, Some("version_conflict")), "{stale:?}");
    let long = admin.post(&rotate, json!({"graceSeconds": 604_801})).await;
    assert_eq!((long.status, long.body["code"].as_str()), (422, Some("validation_failed")), "{long:?}");
    let stranger = app.caller(TenantId::generate(), Role::Admin);
    let nobodys = format!("/api/v1/integrations/{}/secret/rotate", IntegrationId::generate());
    for (client, path) in
        [(&stranger, rotate.clone()), (&stranger, rotate.replace("rotate", "revoke-previous")), (&admin, nobodys)]
    {
        let answer = client.post(&path, json!({})).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{path} {answer:?}");
    }
    app.finish().await;
}
