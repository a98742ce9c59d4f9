//! Confidence from probabilities, or from two orders that agree.

use language_model::{Abstention, Capabilities, Confidence, Outcome, ResponseFormat};

use crate::support::{Bench, decided, question_of};

const NO_LOGPROBS: Capabilities = Capabilities { logprobs: false, ..Capabilities::FULL };

#[tokio::test]
async fn probabilities_of_the_ids_become_the_confidence() {
    let bench = Bench::new().await;
    bench.fake.choose("sushi", "Meals");
    bench.fake.set(|traits| traits.probability = 0.8);
    let decision = decided(bench.ask("sushi").await);
    assert_eq!(decision.label, "Meals");
    let probability = decision.confidence.probability().unwrap();
    assert!((probability - 0.8).abs() < 1e-6, "{probability}");
    assert_eq!(bench.fake.count(), 1);
}

#[tokio::test]
async fn without_probabilities_two_orders_must_agree() {
    let bench = Bench::new().await;
    bench.fake.choose("sushi", "Meals");
    let decision = decided(bench.model.classify(question_of(bench.tenant, "sushi", NO_LOGPROBS, Vec::new())).await);
    assert_eq!((decision.label.as_str(), decision.confidence), ("Meals", Confidence::Agreement));
    assert_eq!(decision.provenance.calls, 2);
    let seen = bench.fake.seen();
    let systems: Vec<&str> = seen.iter().map(|call| call.body["messages"][0]["content"].as_str().unwrap()).collect();
    assert!(systems[0].contains("L02: Meals") && systems[1].contains("L04: Meals"), "{systems:?}");
    assert!(seen.iter().all(|call| call.body["logprobs"].is_null()));
    let spent = bench.budget.spent(bench.tenant, language_model::Window::Month);
    assert_eq!(spent, decision.provenance.cost, "both calls are paid for");
}

#[tokio::test]
async fn a_model_that_takes_the_first_label_whatever_it_is_decides_nothing() {
    let bench = Bench::new().await;
    bench.fake.set(|traits| traits.takes_first = true);
    let outcome = bench.model.classify(question_of(bench.tenant, "sushi", NO_LOGPROBS, Vec::new())).await;
    assert!(matches!(outcome, Outcome::Abstained { why: Abstention::Disagreement, .. }), "{outcome:?}");
    let again = bench.model.classify(question_of(bench.tenant, "sushi", NO_LOGPROBS, Vec::new())).await;
    assert!(matches!(again, Outcome::Abstained { why: Abstention::Disagreement, provenance } if provenance.is_cached));
    assert_eq!(bench.fake.count(), 2);
}

#[tokio::test]
async fn probabilities_that_were_promised_and_do_not_come_are_replaced_by_a_second_order() {
    let bench = Bench::new().await;
    bench.fake.set(|traits| traits.gives_logprobs = false);
    bench.fake.choose("sushi", "Income");
    let decision = decided(bench.ask("sushi").await);
    assert_eq!((decision.label.as_str(), decision.confidence), ("Income", Confidence::Agreement));
}

#[tokio::test]
async fn endpoints_without_schemas_are_held_to_the_set_here() {
    let bench = Bench::new().await;
    bench.fake.choose("sushi", "Meals");
    for format in [ResponseFormat::JsonObject, ResponseFormat::Text] {
        let text = format!("sushi {format:?}");
        let capabilities = Capabilities { format, ..Capabilities::FULL };
        let decision = decided(bench.model.classify(question_of(bench.tenant, &text, capabilities, Vec::new())).await);
        assert_eq!(decision.label, "Meals");
    }
    let seen = bench.fake.seen();
    assert_eq!(seen[0].body["response_format"]["type"], "json_object");
    assert!(seen[1].body["response_format"].is_null());
}
