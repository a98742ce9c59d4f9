//! Deadlines, the limit on calls at the same time, and where calls may go.

use std::time::{Duration, Instant};

use fake_model::ModelFault;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use language_model::{BreakerState, LanguageModel, Outcome, Unavailable};
use outbound::OutboundSettings;

use crate::support::{Bench, question, reason};

const A_MOMENT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn an_endpoint_that_never_answers_is_given_up_at_the_deadline() {
    let bench = Bench::with(|settings| (settings.deadline_millis, settings.attempt_timeout_millis) = (500, 200)).await;
    bench.fake.always(Some(ModelFault::Hang));
    let began = Instant::now();
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::TimedOut);
    assert!(began.elapsed() < Duration::from_millis(500) + A_MOMENT, "{:?}", began.elapsed());
    assert!((2..=3).contains(&bench.fake.count()), "attempts of 200 ms within 500: {}", bench.fake.count());
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_begun_and_the_reason_is_the_failures() {
    let bench = Bench::with(|settings| {
        settings.deadline_millis = 4_000;
        settings.retry.max_asked_wait_millis = 10_000;
    })
    .await;
    bench.fake.always(Some(ModelFault::RateLimited(Some(("retry-after", "5".into())))));
    let began = Instant::now();
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::RateLimited);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

/// Asks so many questions at once.
async fn ask_at_once(bench: &Bench, count: usize) -> Vec<Outcome> {
    bench.fake.set(|traits| traits.delay = Duration::from_millis(200));
    let asking: FuturesUnordered<_> = (0..count)
        .map(|place| {
            let (model, question) = (bench.model.clone(), question(bench.tenant, &format!("record {place}")));
            tokio::spawn(async move { model.classify(question).await })
        })
        .collect();
    asking.map(Result::unwrap).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_calls_than_allowed_run_at_once() {
    let bench = Bench::with(|settings| settings.max_concurrent_calls = 2).await;
    let outcomes = ask_at_once(&bench, 8).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Decided(_))), "{outcomes:?}");
    assert_eq!(bench.fake.most_under_way(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waiting_for_a_place_counts_against_the_deadline() {
    let bench = Bench::with(|settings| {
        (settings.max_concurrent_calls, settings.deadline_millis) = (2, 900);
        // A few are under way when their time is up, and count; the twenty that wait must not.
        settings.breaker.failures = 15;
    })
    .await;
    let began = Instant::now();
    let outcomes = ask_at_once(&bench, 30).await;
    assert!(began.elapsed() < Duration::from_millis(900) + A_MOMENT, "{:?}", began.elapsed());
    let late = |outcome: &&Outcome| matches!(outcome, Outcome::Unavailable(Unavailable::Busy | Unavailable::TimedOut));
    let late = outcomes.iter().filter(late).count();
    assert!((20..30).contains(&late), "two at a time, 200 ms each, within 900 ms: {late} late, {outcomes:?}");
    assert!(bench.budget.reserved(bench.tenant) == language_model::Micros::ZERO, "who was late holds no money");
    let state = bench.parts.breakers.state(bench.tenant, "default");
    assert_eq!(state, BreakerState::Closed, "a queue here is not the endpoint's fault");
}

#[tokio::test]
async fn an_address_that_is_not_public_must_be_listed() {
    let bench = Bench::new().await;
    let refused = LanguageModel::new(&bench.settings, &OutboundSettings::default(), bench.parts.clone());
    let error = refused.err().unwrap().to_string();
    assert!(error.starts_with("language_model.base_url") && error.contains("VERDICT__OUTBOUND__ALLOW"), "{error}");
    let named =
        language_model::LanguageModelSettings { base_url: "https://localhost/v1".into(), ..bench.settings.clone() };
    let model = LanguageModel::new(&named, &OutboundSettings::default(), bench.parts.clone()).unwrap().unwrap();
    let outcome = model.classify(question(bench.tenant, "taxi")).await;
    assert_eq!(reason(outcome), Unavailable::AddressRefused, "a name is judged by what it resolves to");
}

#[tokio::test]
async fn switched_off_there_is_no_model() {
    let bench = Bench::new().await;
    let off = language_model::LanguageModelSettings { enabled: false, ..bench.settings.clone() };
    assert!(LanguageModel::new(&off, &OutboundSettings::default(), bench.parts.clone()).unwrap().is_none());
}
