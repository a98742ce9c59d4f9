//! The step on a real database and a real HTTP server.

mod bench;
mod budgets;
mod cached;
mod failures;
mod leaving;

use common::decision::{ConfidenceFrom, LlmOutcome, WhyHuman};
use fake_model::ModelFault;

use self::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_label_comes_with_a_receipt_of_all_that_it_rests_on() {
    let bench = Bench::new().await;
    bench.fake.choose("sushi", "Meals");
    let answer = bench.ask("sushi for two").await;
    assert_eq!(answer.why, None, "{answer:?}");
    let receipt = answer.receipt;
    assert_eq!((receipt.outcome, receipt.label.as_deref()), (LlmOutcome::Decided, Some("Meals")));
    assert_eq!(receipt.confidence_from, Some(ConfidenceFrom::Probability));
    assert!(receipt.probability.is_some_and(|p| (p - 0.9).abs() < 1e-6), "{receipt:?}");
    assert_eq!(receipt.prompt_version.as_deref(), Some(language_model::PROMPT_VERSION));
    assert_eq!(receipt.prompt_hash.as_deref().map(str::len), Some(64));
    assert_eq!(receipt.label_set_version.as_deref().map(str::len), Some(16));
    assert_eq!((receipt.model.as_str(), receipt.served_by.as_deref()), ("model-a", Some("model-a-2026")));
    assert_eq!((receipt.calls, receipt.cached, receipt.currency.as_str()), (1, false, "USD"));
    // A micro-unit a token.
    let micros = receipt.tokens.prompt + receipt.tokens.completion;
    assert_eq!(receipt.cost, format!("0.{micros:06}"));
    let kept = format!("model_usage WHERE spent = {micros} AND reserved = 0 AND calls = 1 AND calls_reserved = 0");
    assert_eq!(bench.count(&kept).await, 1);
    assert_eq!(bench.count("model_reservations").await, 0);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_probabilities_it_is_asked_twice_in_two_orders() {
    let bench = Bench::new().await;
    bench.fake.set(|traits| traits.gives_logprobs = false);
    bench.fake.choose("sushi", "Meals");
    let receipt = bench.ask("sushi for two").await.receipt;
    assert_eq!((receipt.label.as_deref(), receipt.probability), (Some("Meals"), None));
    assert_eq!((receipt.confidence_from, receipt.calls), (Some(ConfidenceFrom::Agreement), 2));
    assert_eq!(bench.count("model_usage WHERE calls = 2").await, 1);
    bench.fake.set(|traits| traits.takes_first = true);
    let answer = bench.ask("whatever comes first").await;
    assert_eq!((answer.why, answer.receipt.outcome), (Some(WhyHuman::ModelAbstained), LlmOutcome::Abstained));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn none_of_these_and_whatever_was_not_offered_is_a_persons() {
    let bench = Bench::new().await;
    bench.ask("warm").await;
    for content in ["{\"label\":\"L00\"}", "{\"label\":\"L99\"}", "{\"label\":\"Meals\"}", "Meals", "[\"L01\"]"] {
        bench.fake.script([ModelFault::Content(content.into())]);
        let answer = bench.ask(&format!("something {content}")).await;
        assert_eq!((answer.why, answer.receipt.label), (Some(WhyHuman::ModelAbstained), None), "{content}");
        assert!(answer.receipt.detail.is_some_and(|detail| detail.ends_with('.')), "{content}");
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_possible_labels_are_offered_and_similar_records_shown() {
    let bench = Bench::new().await;
    let mut request = bench.request("sushi for two");
    request.possible = vec!["Travel".into(), "Meals".into(), "Gone".into()];
    request.examples = vec![bench.example("ramen for one", "Meals"), bench.example("rent", "Office")];
    bench.put(&request).await;
    let seen = bench.asked();
    let system = seen["messages"][0]["content"].as_str().unwrap();
    assert!(system.contains("L01: Meals") && system.contains("L02: Travel"), "{system}");
    assert!(!system.contains("Office") && !system.contains("Gone"), "{system}");
    assert_eq!(seen["messages"].as_array().map(Vec::len), Some(4), "an example of a label that is not offered is none");
    assert!(seen["messages"][1]["content"].as_str().unwrap().contains("ramen for one"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_similar_records_the_labels_own_examples_are_shown() {
    let bench = Bench::new().await;
    bench.label(bench.tenant, "Rent", &["the flat", "the garage", "a third one"]).await;
    bench.ask("something").await;
    let seen = bench.asked().to_string();
    assert!(seen.contains("the flat") && seen.contains("the garage") && !seen.contains("a third one"), "{seen}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_without_labels_asks_nobody() {
    let bench = Bench::new().await;
    let tenant = bench.tenant_with_budget("1").await;
    let answer = bench.ask_as(tenant, "anything").await;
    assert_eq!(answer.why, Some(WhyHuman::ModelUnavailable));
    assert!(answer.receipt.detail.is_some_and(|why| why.contains("create labels first")));
    bench.end().await;
}
