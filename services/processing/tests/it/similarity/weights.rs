//! One way through with the real weights, where they are. `make model` fetches them, `make test` does it; a test never does.

use processing::{EmbeddingSource, EmbeddingsSettings, Processing, ProcessingSettings};
use serde_json::json;
use test_support::TestApp;

use super::{receipt, teach};
use crate::support::{Tenant, embeddings, settings, snapshot};

#[tokio::test(flavor = "multi_thread")]
async fn meaning_is_found_without_a_common_word() {
    let required = std::env::var_os("VERDICT_REQUIRE_MODEL").is_some_and(|value| value == "1");
    if std::env::var_os("MODEL_DIR").is_none() && !required {
        eprintln!("MODEL_DIR is not set: not tested. `make model` fetches the weights");
        return;
    }
    let app = TestApp::start::<Processing>(|resources| ProcessingSettings {
        embeddings: EmbeddingsSettings { source: EmbeddingSource::InProcess, threads: Some(1), ..embeddings() },
        ..settings(resources)
    })
    .await;
    let tenant = Tenant::with_labels(&app, &["lost card", "exchange rate"]).await;
    let on = json!({"stages": {"embedding": true}});
    assert_eq!(tenant.admin.patch(super::SETTINGS, on).await.status, 200, "the weights are loaded");
    let taught = [
        ("My wallet was stolen on the train", "lost card"),
        ("I cannot find my debit card anywhere", "lost card"),
        ("How many dollars do I get for a hundred euros?", "exchange rate"),
        ("What do you charge for converting pounds?", "exchange rate"),
    ];
    teach(&app, &tenant, &taught.map(|(text, label)| (snapshot(text), label))).await;
    let (id, current) = receipt(&app, &tenant, "Somebody took my purse").await;
    assert_eq!(current["label"], "lost card", "{current:#}");
    assert!(current["reasoning"]["embedding"]["modelId"].as_str().is_some_and(|id| id.starts_with("minilm-l6-v2:")));
    let similar = tenant.admin.get(&format!("/api/v1/records/{id}/similar?limit=2")).await;
    let labels: Vec<_> = similar.body.as_array().expect("a list").iter().map(|one| one["label"].clone()).collect();
    assert_eq!(labels, [json!("lost card"), json!("lost card")], "{similar:?}");
    app.finish().await;
}
