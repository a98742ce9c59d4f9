//! Webhooks that the providers' own libraries signed, made anew by `scripts/vectors` at each `make test`.

use common::{IntegrationId, Role, TenantId};
use serde::Deserialize;
use serde_json::json;
use settings::Sealer;
use std::collections::{BTreeMap, BTreeSet};
use test_support::TestApp;

use crate::settings;
use ingestion::{Ingestion, IntakeSettings};

/// Set by `make test`, in whose stage alone this test is run: see `.config/nextest.toml`.
const FILE: &str = "VERDICT_TEST_VECTORS";

#[derive(Deserialize)]
struct Vector {
    provider: String,
    library: String,
    secret: String,
    headers: BTreeMap<String, String>,
    body: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_official_libraries_sign_is_taken_and_one_changed_byte_is_not() {
    let path = std::env::var_os(FILE).unwrap_or_else(|| {
        panic!("{FILE} is not set: the libraries sign in a stage of `make test`, which then runs this test")
    });
    let text = std::fs::read_to_string(&path).expect("the file of vectors is there");
    let vectors: Vec<Vector> = text.lines().map(|line| serde_json::from_str(line).expect("a vector")).collect();
    let libraries: BTreeSet<_> = vectors.iter().map(|vector| vector.library.as_str()).collect();
    assert_eq!(libraries.len(), 4, "every library has signed: {libraries:?}");

    let mut sealing = None;
    let app = TestApp::start::<Ingestion>(|resources| {
        sealing = Some(resources.sealing());
        settings(resources, IntakeSettings::default())
    })
    .await;
    let sealer = Sealer::new(&sealing.expect("started")).expect("a key");
    let tenant = TenantId::generate();
    let admin = app.caller(tenant, Role::Admin);
    for (n, vector) in vectors.iter().enumerate() {
        let Vector { provider, library, .. } = vector;
        // The whole of `make test` may lie between signing and here.
        let config = if provider == "github" { json!({}) } else { json!({"toleranceSeconds": 86_400}) };
        let body = json!({"provider": provider, "name": format!("{library} {n}"), "config": config});
        let made = admin.post("/api/v1/integrations", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id: IntegrationId = made.body["id"].as_str().expect("an id").parse().expect("a UUID");
        // The libraries bring their own secrets, and the service makes its own: this one is put in its place.
        let sealed = sealer.seal(&format!("{tenant}/{id}/webhook"), vector.secret.as_bytes());
        let sealed = hex::encode(sealed);
        app.owner_sql(&format!("UPDATE integrations SET secret_sealed = '\\x{sealed}' WHERE id = '{id}'")).await;

        let path = format!("/api/v1/integrations/webhooks/{provider}/{id}");
        let mut headers: Vec<(&str, &str)> =
            vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        let client = app.anonymous();
        let mut changed = vector.body.clone().into_bytes();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        let refused = client.send_raw("POST", &path, &headers, changed).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (401, Some("invalid_signature")), "{library}");
        let taken = client.send_raw("POST", &path, &headers, vector.body.clone().into_bytes()).await;
        assert_eq!(taken.status, 202, "{library} {taken:?}");
    }
    app.finish().await;
}
