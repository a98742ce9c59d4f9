//! Kinds of sources that a deployment adds, and how a repetition is recognised.

use std::path::PathBuf;

use common::{Role, TenantId};
use ingestion::ProviderSettings;
use serde_json::{Value, json};
use settings::Validate as _;

use crate::sender::{Sender, connect};
use crate::{start_api_only, start_with};

fn acme() -> Value {
    json!({
        "provider": "acme", "displayName": "Acme", "auth": "webhook", "secret": "text",
        "signature": {"header": "x-signature", "hash": "sha256", "encoding": "hex", "prefix": "sha256=",
            "content": "{timestamp}.{body}", "timestampHeader": "x-timestamp", "deliveryIdHeader": null,
            "deliveryIdPath": "$.meta.event", "toleranceSeconds": 300, "configurable": []},
        "setup": "Sign as the provider generic does.",
        "mapping": {"externalId": "$.meta.order", "text": "$.note"}})
}

/// A folder of each test's own with this file, below the target folder.
fn folder(file: &Value) -> PathBuf {
    let name = format!("providers-{}", common::BlobId::generate());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("acme.json"), file.to_string()).expect("written");
    std::fs::write(folder.join("README.md"), "Not a provider.").expect("written");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_folder_is_a_provider() {
    let app = start_with(|settings| settings.providers = ProviderSettings { dir: Some(folder(&acme())) }).await;
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    let listed = admin.get("/api/v1/integrations/providers").await.body;
    let last = listed.as_array().and_then(|all| all.last()).expect("the catalogue");
    assert_eq!((&last["provider"], &last["signature"]["deliveryIdPath"]), (&json!("acme"), &json!("$.meta.event")));

    let made = admin.post("/api/v1/integrations", json!({"provider": "acme", "name": "Orders"})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let source = Sender::of(&app, &made.body);
    // The test's sender signs it as it signs for the provider generic.
    let generic = source.signing_as("generic");
    let send = async |note: &str, event: &str| {
        generic.send("none", &json!({"note": note, "meta": {"event": event, "order": "o-1"}})).await
    };
    let first = send("one", "e-1").await;
    assert_eq!(first.status, 202, "{first:?}");
    // The same event with another body is the same delivery; the same body with another event is not.
    let again = send("one, said otherwise", "e-1").await;
    assert_eq!((again.status, &again.body["recordId"]), (200, &first.body["recordId"]), "{again:?}");
    assert_eq!(send("one", "e-2").await.status, 202);
    let record = admin.get(&format!("/api/v1/records/{}", first.body["recordId"].as_str().expect("an id"))).await.body;
    assert_eq!((&record["normalized"]["text"], &record["externalId"]), (&json!("one"), &json!("o-1")));
    app.finish().await;
}

#[test]
fn a_faulty_folder_is_refused_with_the_file_and_the_place() {
    let fault = |file: &Value| {
        let settings = ProviderSettings { dir: Some(folder(file)) };
        settings.validate().expect_err("faulty").to_string()
    };
    let mut file = acme();
    file["signature"]["hash"] = json!("md5");
    let said = fault(&file);
    assert!(said.contains("providers.dir") && said.contains("acme.json: signature.hash: unknown variant"), "{said}");
    let mut file = acme();
    file["provider"] = json!("stripe");
    let said = fault(&file);
    assert!(said.contains("\"stripe\" is in the catalogue already"), "{said}");
    let nowhere = ProviderSettings { dir: Some(PathBuf::from("/nowhere/at/all")) };
    assert!(nowhere.validate().expect_err("no folder").to_string().contains("/nowhere/at/all"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stripe_and_slack_name_their_events_in_the_signed_body() {
    let app = start_api_only().await;
    let tenant = TenantId::generate();
    for (provider, body) in [
        ("stripe", json!({"id": "evt_1", "type": "charge.succeeded", "pending_webhooks": 2})),
        ("slack", json!({"event_id": "Ev1", "event": {"type": "message", "text": "hi"}, "pending_webhooks": 2})),
    ] {
        let source = connect(&app, tenant, provider).await;
        let first = source.send("none", &body).await;
        assert_eq!(first.status, 202, "{provider} {first:?}");
        // A retry that says of itself that it is one.
        let mut retry = body.clone();
        retry["pending_webhooks"] = json!(1);
        let again = source.send("none", &retry).await;
        assert_eq!((again.status, &again.body["recordId"]), (200, &first.body["recordId"]), "{provider} {again:?}");
        // Without an id the body is what is compared.
        for status in [202, 200] {
            assert_eq!(source.send("none", &json!({"type": "odd"})).await.status, status, "{provider}");
        }
    }
    app.stop().await;
}
