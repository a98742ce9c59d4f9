//! An endpoint that fails in every way: a person is asked, and told why.

use common::decision::WhyHuman;
use fake_model::{MODEL_SECRET, ModelFault};

use super::bench::Bench;
use crate::domain::model_answer::ModelAnswer;

fn unavailable(answer: &ModelAnswer, word: &str) {
    assert_eq!(answer.why, Some(WhyHuman::ModelUnavailable), "{answer:?}");
    let detail = answer.receipt.detail.as_deref().unwrap_or_default();
    assert!(detail.contains(word), "{word} in {detail}");
    assert!(!format!("{answer:?}").contains(MODEL_SECRET), "no word of the provider's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_is_repeated_and_then_a_persons() {
    let bench = Bench::new().await;
    bench.ask("warm").await;
    bench.fake.script([ModelFault::RateLimited(None), ModelFault::RateLimitedHtml]);
    assert_eq!(bench.ask("a taxi").await.why, None, "the third attempt is answered");
    for (place, (fault, word)) in [
        (ModelFault::RateLimited(None), "limits the rate"),
        (ModelFault::RateLimitedIntegerCode, "limits the rate"),
        (ModelFault::QuotaUsedUp, "quota is used up"),
        (ModelFault::Status(503), "status 503"),
    ]
    .into_iter()
    .enumerate()
    {
        bench.fake.always(Some(fault));
        unavailable(&bench.ask(&format!("record {place}")).await, word);
    }
    let settled = "model_usage WHERE reserved = 0 AND calls_reserved = 0 AND calls = 2";
    assert_eq!(bench.count(settled).await, 1, "what failed is not counted");
    assert_eq!(bench.count("model_answers").await, 2, "a failure is no answer");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_is_a_persons_and_probed_again_later() {
    let bench = Bench::new().await;
    bench.fake.always(Some(ModelFault::Reset));
    unavailable(&bench.ask("a taxi").await, "cannot be reached");
    let probed = bench.fake.count();
    bench.fake.always(None);
    unavailable(&bench.ask("a taxi").await, "cannot be reached");
    assert_eq!(bench.fake.count(), probed, "left alone for a while");
    bench.clock.advance(chrono::Duration::seconds(31));
    assert_eq!(bench.ask("a taxi").await.why, None);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_failures_in_a_row_the_endpoint_is_left_alone_and_tried_again() {
    let bench = Bench::new().await;
    bench.ask("warm").await;
    bench.fake.always(Some(ModelFault::Status(500)));
    for place in 0..5 {
        unavailable(&bench.ask(&format!("record {place}")).await, "status 500");
    }
    let before = bench.fake.count();
    unavailable(&bench.ask("one more").await, "failed repeatedly");
    assert_eq!(bench.fake.count(), before, "the circuit is open");
    let other = bench.tenant_with_budget("1000").await;
    bench.label(other, "Travel", &[]).await;
    unavailable(&bench.ask_as(other, "another tenant").await, "status 500");
    bench.fake.always(None);
    bench.clock.advance(chrono::Duration::seconds(61));
    assert_eq!(bench.ask("one more").await.why, None);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_can_do_is_found_out_once_and_again_when_it_is_refused() {
    let bench = Bench::new().await;
    let requests = [bench.request("one"), bench.request("two"), bench.request("three")];
    let (a, b, c) = tokio::join!(bench.put(&requests[0]), bench.put(&requests[1]), bench.put(&requests[2]));
    assert!([a, b, c].iter().all(|answer| answer.why.is_none()));
    assert_eq!(bench.fake.count(), 4, "one probe for three questions");
    let other = bench.another();
    super::super::ask(&other, &bench.request("four")).await;
    assert_eq!(bench.fake.count(), 5, "and none for another process");

    bench.fake.set(|traits| traits.takes_logprobs = false);
    unavailable(&bench.ask("five").await, "refuses the request");
    unavailable(&bench.ask("six").await, "refuses the request");
    assert_eq!(bench.fake.count(), 7, "what was found out just now is not doubted");
    bench.clock.advance(chrono::Duration::minutes(11));
    unavailable(&bench.ask("seven").await, "refuses the request");
    bench.fake.choose("eight", "Travel");
    let again = bench.ask("eight").await;
    assert_eq!((again.why, again.receipt.calls), (None, 2), "probed anew: without probabilities it is asked twice");
    drop(other);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_a_person_is_asked() {
    let bench = Bench::with(|settings| settings.enabled = false).await;
    unavailable(&bench.ask("a taxi").await, "no language model");
    bench.end().await;
}
