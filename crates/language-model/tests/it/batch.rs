//! Batches: planned, sent, followed by the ids that the caller keeps, read, stopped.

use fake_model::ModelFault;
use language_model::{
    Abstention, BatchError, BatchItem, BatchPlan, BatchStatus, Capabilities, Confidence, Micros, Outcome, Unavailable,
    Window,
};
use serde_json::Value;

use crate::support::{Bench, question_of};

const NO_LOGPROBS: Capabilities = Capabilities { logprobs: false, ..Capabilities::FULL };

fn items(bench: &Bench, texts: &[&str], capabilities: Capabilities) -> Vec<BatchItem> {
    let item = |text: &&str| BatchItem {
        id: format!("record-{text}"),
        question: question_of(bench.tenant, text, capabilities, Vec::new()),
    };
    texts.iter().map(item).collect()
}

#[tokio::test]
async fn a_batch_is_resumed_by_what_the_caller_kept() {
    let bench = Bench::new().await;
    bench.fake.choose("sushi", "Meals");
    let (plan, file) =
        bench.model.batches().plan(&items(&bench, &["taxi", "sushi", "rent"], Capabilities::FULL)).unwrap();
    let reservation = bench.model.batches().reserve(&plan).await.unwrap();
    assert_eq!(bench.budget.reserved(bench.tenant), plan.most);
    let file = bench.model.batches().upload(&plan, file).await.unwrap();
    let kept = serde_json::to_string(&(&plan, &reservation, &file)).unwrap();

    // Another process goes on with what was kept.
    let (plan, reservation, file): (BatchPlan, _, String) = serde_json::from_str(&kept).unwrap();
    let batches = bench.model.batches();
    assert_eq!(batches.find(&plan).await.unwrap(), None, "not started yet");
    let started = batches.start(&plan, &file).await.unwrap();
    assert_eq!(batches.find(&plan).await.unwrap(), Some(started.clone()), "found without its id");
    let state = batches.status(&started.id).await.unwrap();
    assert!(state.status == BatchStatus::Running && !state.status.is_final());
    assert_eq!(batches.results(&plan, &state).await.unwrap().missing.len(), 3);

    bench.fake.finish_batch(&started.id, "completed", "rent", "");
    let state = batches.status(&started.id).await.unwrap();
    assert_eq!((state.status, state.total, state.completed, state.failed), (BatchStatus::Completed, 3, 2, 1));
    let results = batches.results(&plan, &state).await.unwrap();
    let [(taxi, Outcome::Decided(travel)), (_, Outcome::Decided(meals)), (_, rent)] = results.outcomes.as_slice()
    else {
        panic!("{results:?}")
    };
    assert_eq!((taxi.as_str(), travel.label.as_str(), meals.label.as_str()), ("record-taxi", "Travel", "Meals"));
    assert!(matches!(travel.confidence, Confidence::Probability(p) if (p - 0.9).abs() < 1e-6));
    assert_eq!(*rent, Outcome::Unavailable(Unavailable::ServerError { status: 500 }));
    let provenance = &travel.provenance;
    assert_eq!(provenance.cost, Micros((provenance.tokens.prompt + provenance.tokens.completion).div_ceil(2)), "half");
    assert!(results.cost <= plan.most && results.missing.is_empty());
    assert_eq!(batches.results(&plan, &state).await.unwrap().cost, results.cost, "read again");
    batches.settle(reservation, results.cost).await;
    assert_eq!(bench.budget.spent(bench.tenant, Window::Month), results.cost);
    assert_eq!(bench.budget.reserved(bench.tenant), Micros::ZERO);
}

#[tokio::test]
async fn the_file_holds_fenced_requests_and_two_orders_where_they_are_needed() {
    let bench = Bench::new().await;
    bench.fake.choose("sushi", "Meals");
    let (plan, file) = bench.model.batches().plan(&items(&bench, &["sushi", "any"], NO_LOGPROBS)).unwrap();
    let lines: Vec<Value> = file.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let ids: Vec<&str> = lines.iter().map(|line| line["custom_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["record-sushi#1", "record-sushi#2", "record-any#1", "record-any#2"]);
    for line in &lines {
        assert_eq!((line["method"].as_str(), line["url"].as_str()), (Some("POST"), Some("/v1/chat/completions")));
        let content = line["body"]["messages"][1]["content"].as_str().unwrap();
        assert!(content.starts_with("BEGIN-RECORD ") && content.lines().count() == 3, "{content}");
    }
    let batches = bench.model.batches();
    let file = batches.upload(&plan, file).await.unwrap();
    let started = batches.start(&plan, &file).await.unwrap();
    bench.fake.finish_batch(&started.id, "completed", "", "");
    let state = batches.status(&started.id).await.unwrap();
    let results = batches.results(&plan, &state).await.unwrap();
    let [(_, Outcome::Decided(sushi)), (_, Outcome::Abstained { why: Abstention::Disagreement, .. })] =
        results.outcomes.as_slice()
    else {
        panic!("{results:?}")
    };
    assert_eq!((sushi.label.as_str(), sushi.confidence), ("Meals", Confidence::Agreement));
    assert_eq!(sushi.provenance.calls, 2);
}

#[tokio::test]
async fn a_stopped_batch_has_results_for_what_was_done() {
    let bench = Bench::new().await;
    let batches = bench.model.batches();
    let (plan, file) = batches.plan(&items(&bench, &["taxi", "rent"], Capabilities::FULL)).unwrap();
    let file = batches.upload(&plan, file).await.unwrap();
    let started = batches.start(&plan, &file).await.unwrap();
    assert_eq!(batches.cancel(&started.id).await.unwrap().status, BatchStatus::Cancelling);
    bench.fake.finish_batch(&started.id, "cancelled", "", "rent");
    let state = batches.status(&started.id).await.unwrap();
    assert!(state.status == BatchStatus::Cancelled && state.status.is_final());
    let results = batches.results(&plan, &state).await.unwrap();
    assert_eq!((results.outcomes.len(), results.missing.as_slice()), (1, &["record-rent".to_owned()][..]));
}

#[tokio::test]
async fn batches_that_cannot_be_are_refused_before_anything_is_sent() {
    let bench = Bench::new().await;
    let batches = bench.model.batches();
    let twice = items(&bench, &["taxi", "taxi"], Capabilities::FULL);
    let mut mixed = items(&bench, &["taxi", "rent"], Capabilities::FULL);
    mixed[1].question = question_of(common::TenantId::generate(), "rent", Capabilities::FULL, Vec::new());
    for wrong in [Vec::new(), twice, mixed] {
        assert!(matches!(batches.plan(&wrong), Err(BatchError::Unusable(_))), "{wrong:?}");
    }
    let (plan, _) = batches.plan(&items(&bench, &["taxi"], Capabilities::FULL)).unwrap();
    bench.allow(bench.tenant, plan.most.0 - 1);
    assert!(matches!(batches.reserve(&plan).await, Err(BatchError::OverBudget(_))));
    assert_eq!(bench.fake.count(), 0);
}

#[tokio::test]
async fn each_step_is_tried_again_when_the_endpoint_fails() {
    let bench = Bench::new().await;
    let batches = bench.model.batches();
    let (plan, file) = batches.plan(&items(&bench, &["taxi"], Capabilities::FULL)).unwrap();
    bench.fake.script([ModelFault::Status(503), ModelFault::Reset]);
    let file = batches.upload(&plan, file).await.unwrap();
    bench.fake.script([ModelFault::RateLimitedHtml]);
    let started = batches.start(&plan, &file).await.unwrap();
    bench.fake.always(Some(ModelFault::Status(404)));
    let error = batches.status(&started.id).await.unwrap_err();
    assert_eq!(error, BatchError::Unavailable(Unavailable::Rejected { status: 404 }));
}
