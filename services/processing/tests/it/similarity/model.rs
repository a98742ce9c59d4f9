//! The language model's turn: what neither rules nor similarity decide.

use common::record::AttributeValue;
use fake_model::{FakeModel, ModelFault};
use language_model::{LanguageModelSettings, Price};
use outbound::OutboundSettings;
use processing::{EmbeddingSource, EmbeddingsSettings, Processing, ProcessingSettings};
use serde_json::{Value, json};
use test_support::TestApp;

use super::{SETTINGS, receipt, records, teach, text_of};
use crate::support::{Tenant, embeddings, ingested, settings, snapshot, start_with_model};

const EXPLAIN: &str = "/api/v1/processing/explain";

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_shown_similar_records_and_proposes_to_a_person() {
    let fake = FakeModel::start().await;
    fake.choose("odd", "invoice");
    let app = start_with_model(&fake.base_url()).await;
    let tenant = Tenant::with_labels(&app, &["refund", "invoice"]).await;
    let on = json!({"stages": {"embedding": true, "llm": true}, "llm": {"monthlyBudget": "5"}});
    assert_eq!(tenant.admin.patch(SETTINGS, on).await.status, 200);
    teach(&app, &tenant, &records(0, 6)).await;
    let (id, current) = receipt(&app, &tenant, "an odd letter about the broken order").await;
    assert_eq!(
        (&current["stage"], &current["status"], &current["label"]),
        (&json!("llm"), &json!("pending_review"), &json!("invoice")),
        "{current:#}"
    );
    let reasoning = &current["reasoning"];
    assert_eq!((&reasoning["llm"]["label"], &reasoning["llm"]["outcome"]), (&json!("invoice"), &json!("decided")));
    assert_eq!(reasoning["embedding"]["modelId"], "hashed:1", "what similarity came to is on the receipt as well");
    let last = fake.seen().pop().expect("a question").body.to_string();
    assert!(last.contains("my money back"), "a similar record is shown as an example: {last}");
    let explained = tenant.admin.post(EXPLAIN, json!({"recordId": id})).await;
    assert_eq!((explained.status, &explained.body["same"]), (200, &json!(true)), "{explained:#?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_away_is_a_person_with_the_reason() {
    let fake = FakeModel::start().await;
    let app = start_with_model(&fake.base_url()).await;
    let tenant = Tenant::with_labels(&app, &["refund", "invoice"]).await;
    let on = json!({"stages": {"llm": true}, "llm": {"monthlyBudget": "5"}});
    assert_eq!(tenant.admin.patch(SETTINGS, on).await.status, 200);
    let (_, current) = receipt(&app, &tenant, "first").await;
    assert_eq!((&current["stage"], &current["status"]), (&json!("llm"), &json!("pending_review")), "{current:#}");
    fake.always(Some(ModelFault::Status(401)));
    let (_, current) = receipt(&app, &tenant, "second").await;
    assert_eq!(
        (&current["stage"], &current["label"], &current["reasoning"]["whyHuman"]),
        (&json!("none"), &Value::Null, &json!("model_unavailable")),
        "{current:#}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_by_similarity_is_made_again_from_its_versions() {
    let fake = FakeModel::start().await;
    let app = start_with_model(&fake.base_url()).await;
    let tenant = super::tenant(&app).await;
    teach(&app, &tenant, &records(0, 8)).await;
    let (id, before) = receipt(&app, &tenant, &text_of("refund", 99)).await;
    // Much is learnt since, and the model is fitted anew.
    teach(&app, &tenant, &records(10, 8)).await;
    let explained = tenant.admin.post(EXPLAIN, json!({"recordId": id, "decisionId": before["id"]})).await;
    assert_eq!((explained.status, &explained.body["same"]), (200, &json!(true)), "{explained:#?}");
    for field in ["label", "stage", "confidence", "status", "reasoning"] {
        assert_eq!(explained.body["remade"][field], before[field], "{field}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_makes_the_vectors_of_what_may_leave() {
    let fake = FakeModel::start().await;
    let base_url = fake.base_url();
    let app = TestApp::start::<Processing>(|resources| {
        let price = Price { prompt: 1_000_000, cached_prompt: None, completion: 1_000_000 };
        let language_model = LanguageModelSettings {
            enabled: true,
            base_url,
            prices: [("*".to_owned(), price)].into(),
            ..LanguageModelSettings::default()
        };
        let outbound = OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() };
        let embeddings = EmbeddingsSettings { source: EmbeddingSource::Remote, ..embeddings() };
        ProcessingSettings { language_model, outbound, embeddings, ..settings(resources) }
    })
    .await;
    let tenant = Tenant::with_labels(&app, &["refund", "invoice"]).await;
    let on = json!({"stages": {"embedding": true}, "llm": {"monthlyBudget": "5"}});
    assert_eq!(tenant.admin.patch(SETTINGS, on).await.status, 200);
    let (_, current) = receipt(&app, &tenant, "may leave").await;
    assert_eq!(current["stage"], "embedding", "{current:#}");
    assert_eq!(current["reasoning"]["embedding"]["modelId"], "default:text-embedding-3-small:384");
    let mut marked = snapshot("must stay here");
    marked.normalized.attributes.insert("doNotSend".into(), AttributeValue::Bool(true));
    app.publish(&[ingested(tenant.id, &marked)]).await;
    let current = tenant.current(marked.record_id).await;
    assert_eq!((&current["stage"], &current["status"]), (&json!("none"), &json!("pending_review")), "{current:#}");
    assert!(fake.seen().iter().any(|call| call.body.to_string().contains("may leave")));
    assert!(fake.seen().iter().all(|call| !call.body.to_string().contains("must stay here")));
    app.finish().await;
}
