//! What a person is asked, and why, before similarity may decide anything.

use common::decision::WhyHuman;
use common::event::ReviewRequested;
use common::record::Stage;
use processing::{EmbeddingSource, EmbeddingsSettings, Processing, ProcessingSettings};
use serde_json::json;
use test_support::TestApp;

use super::{SETTINGS, receipt, records, teach, tenant, text_of};
use crate::support::{Tenant, embeddings, ingested, settings, snapshot, start};

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_is_proven_a_person_is_asked_with_candidates() {
    let app = start().await;
    let tenant = tenant(&app).await;
    let taught = records(0, 8);
    teach(&app, &tenant, &taught).await;
    let (id, current) = receipt(&app, &tenant, &text_of("refund", 99)).await;
    assert_eq!(
        (&current["stage"], &current["status"], &current["label"]),
        (&json!("embedding"), &json!("pending_review"), &json!("refund")),
        "{current:#}"
    );
    let reasoning = &current["reasoning"];
    assert_eq!(reasoning["whyHuman"], "no_threshold");
    assert_eq!(reasoning["neighbours"][0]["label"], "refund");
    assert!(taught.iter().any(|(record, _)| reasoning["neighbours"][0]["recordId"] == json!(record.record_id)));
    assert_eq!(
        (&reasoning["embedding"]["modelId"], &reasoning["embedding"]["memoryVersion"]),
        (&json!("hashed:1"), &json!(8))
    );
    assert_eq!(reasoning["thresholds"]["targetErrorRate"], 0.2);
    let told = app.events_of("REVIEW_REQUESTED").await;
    let told: Vec<ReviewRequested> = told.iter().map(|event| event.decode().expect("its shape")).collect();
    let asked: Vec<&ReviewRequested> = told.iter().filter(|asked| asked.record.record_id == id).collect();
    assert_eq!(asked.len(), 1, "once");
    let candidates: Vec<&str> = asked[0].candidates.iter().map(|candidate| candidate.label.as_str()).collect();
    assert_eq!(candidates, ["refund", "invoice"]);
    assert!(asked[0].candidates[0].score > asked[0].candidates[1].score);
    assert_eq!((asked[0].proposal.stage, asked[0].sequence), (Stage::Embedding, 1));
    assert_eq!(asked[0].proposal.reasoning.why_human, Some(WhyHuman::NoThreshold));
    assert!(app.events_of("CLASSIFIED").await.is_empty());
    assert_eq!(app.count("pending_decisions").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_go_before_and_with_the_stage_off_nothing_is_different() {
    let app = start().await;
    let on = tenant(&app).await;
    on.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    let (_, current) = receipt(&app, &on, "a refund").await;
    assert_eq!((&current["stage"], &current["label"]), (&json!("rule"), &json!("refund")));
    let off = Tenant::with_labels(&app, &["refund"]).await;
    off.rule("Refunds", "record.text.contains(\"refund\")", "refund").await;
    let (_, current) = receipt(&app, &off, "something else").await;
    assert_eq!(
        (&current["stage"], &current["reasoning"]["whyHuman"], &current["reasoning"]["summary"]),
        (
            &json!("none"),
            &json!("no_stage_decided"),
            &json!("The one active rule did not match, so a person is asked.")
        )
    );
    assert!(current["reasoning"].get("embedding").is_none() && current["reasoning"].get("neighbours").is_none());
    for table in ["pending_decisions", "embeddings", "scored_decisions", "tenant_models"] {
        assert_eq!(app.count(&format!("{table} WHERE tenant_id = '{}'", off.id)).await, 0, "{table}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_a_person_is_asked_and_told_why() {
    let app = TestApp::start::<Processing>(|resources| ProcessingSettings {
        embeddings: EmbeddingsSettings {
            model_dir: Some("/nowhere".into()),
            source: EmbeddingSource::InProcess,
            ..embeddings()
        },
        ..settings(resources)
    })
    .await;
    let tenant = Tenant::with_labels(&app, &["refund"]).await;
    let refused = tenant.admin.patch(SETTINGS, json!({"stages": {"embedding": true}})).await;
    assert_eq!((refused.status, &refused.body["context"]["fields"][0]["rule"]), (422, &json!("not_available")));
    // Switched on while there was a model.
    tenant.admin.patch(SETTINGS, json!({"auditSampleRate": 0.1})).await;
    app.owner_sql("UPDATE processing_settings SET embedding_stage = true").await;
    let (_, current) = receipt(&app, &tenant, "x").await;
    assert_eq!(
        (&current["status"], &current["reasoning"]["whyHuman"]),
        (&json!("pending_review"), &json!("stage_unavailable"))
    );
    let summary = current["reasoning"]["summary"].as_str().expect("a text");
    assert_eq!(
        summary,
        "There are no active rules; the embedding stage is switched on, but this installation has no embedding model, \
         so a person is asked."
    );
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!((ready.status, &ready.body["checks"]["embeddings"]["status"]), (200, &json!("failing")), "{ready:?}");
    assert!(ready.body["checks"]["embeddings"]["remedy"].as_str().is_some_and(|remedy| remedy.contains("make model")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_text_or_a_tenant_without_labels_goes_to_a_person() {
    let app = start().await;
    let bare = Tenant::new(&app);
    assert_eq!(bare.admin.patch(SETTINGS, json!({"stages": {"embedding": true}})).await.status, 200);
    let (_, current) = receipt(&app, &bare, "anything").await;
    assert_eq!((&current["status"], &current["label"]), (&json!("pending_review"), &json!(null)));
    let tenant = tenant(&app).await;
    let (_, current) = receipt(&app, &tenant, "  ").await;
    assert_eq!((&current["status"], &current["stage"]), (&json!("pending_review"), &json!("none")));
    let blank = snapshot("\u{200b}");
    app.publish(&[ingested(tenant.id, &blank)]).await;
    assert_eq!(tenant.current(blank.record_id).await["status"], "pending_review");
    app.finish().await;
}
