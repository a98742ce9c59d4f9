//! The language model's turn: what neither rules nor similarity decide.

use fake_model::{FakeModel, ModelFault};
use serde_json::{Value, json};

use super::{SETTINGS, receipt, records, teach, text_of};
use crate::support::{Tenant, start_with_model};

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
