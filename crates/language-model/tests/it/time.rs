//! Deadlines, the limit on calls at the same time, and where calls may go.

use std::time::{Duration, Instant};

use fake_model::ModelFault;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use language_model::{LanguageModel, Unavailable};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_calls_than_allowed_run_at_once_and_waiting_counts_against_the_deadline() {
    let bench = Bench::with(|settings| {
        settings.max_concurrent_calls = 2;
        settings.deadline_millis = 900;
    })
    .await;
    bench.fake.set(|traits| traits.delay = Duration::from_millis(200));
    let began = Instant::now();
    let asking: FuturesUnordered<_> = (0..30)
        .map(|place| {
            let (model, question) = (bench.model.clone(), question(bench.tenant, &format!("record {place}")));
            tokio::spawn(async move { model.classify(question).await })
        })
        .collect();
    let outcomes: Vec<_> = asking.map(Result::unwrap).collect().await;
    assert!(began.elapsed() < Duration::from_millis(900) + A_MOMENT, "{:?}", began.elapsed());
    assert!(bench.fake.most_under_way() <= 2, "{}", bench.fake.most_under_way());
    let late = outcomes.into_iter().filter(|outcome| {
        matches!(outcome, language_model::Outcome::Unavailable(Unavailable::TimedOut | Unavailable::CircuitOpen))
    });
    assert!((20..30).contains(&late.count()), "two at a time, 200 ms each, within 900 ms");
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
