//! Each way in which a provider fails, as measured on real ones: how often it is asked, and what comes of it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake_model::{MODEL_SECRET, ModelFault};
use language_model::{Abstention, Outcome, Unavailable};

use crate::support::{Bench, decided, reason};

#[tokio::test]
async fn what_may_pass_is_tried_again_whatever_its_body_is() {
    let bench = Bench::new().await;
    let date = (common::clock::Clock::now(&bench.clock) + chrono::Duration::milliseconds(900)).to_rfc2822();
    for (name, fault) in [
        ("429 JSON", ModelFault::RateLimited(None)),
        ("429 HTML", ModelFault::RateLimitedHtml),
        ("429 integer code", ModelFault::RateLimitedIntegerCode),
        ("429 Azure", ModelFault::RateLimitedAzure),
        ("429 Retry-After of hours", ModelFault::RateLimited(Some(("retry-after", "36000".into())))),
        ("429 Retry-After as a date", ModelFault::RateLimited(Some(("retry-after", date.clone())))),
        ("429 retry-after-ms", ModelFault::RateLimited(Some(("retry-after-ms", "20".into())))),
        ("408", ModelFault::Status(408)),
        ("409", ModelFault::Status(409)),
        ("500 text", ModelFault::Status(500)),
        ("503 text", ModelFault::Status(503)),
        ("reset", ModelFault::Reset),
        ("cut JSON", ModelFault::CutJson),
        ("cut body", ModelFault::CutBody),
        ("200 HTML", ModelFault::Html),
    ] {
        let before = bench.fake.count();
        bench.fake.script([fault.clone(), fault]);
        let began = Instant::now();
        let decision = decided(bench.ask(&format!("taxi, {name}")).await);
        assert_eq!((bench.fake.count() - before, decision.label.as_str()), (3, "Travel"), "{name}");
        assert!(began.elapsed() < Duration::from_secs(3), "{name}: the endpoint's wish to wait is capped");
    }
}

#[tokio::test]
async fn an_asked_wait_is_kept() {
    let bench = Bench::new().await;
    bench.fake.script([ModelFault::RateLimited(Some(("retry-after-ms", "30".into())))]);
    let began = Instant::now();
    decided(bench.ask("taxi").await);
    assert!(began.elapsed() >= Duration::from_millis(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_does_not_pass_is_told_by_its_reason() {
    for (fault, calls, expected) in [
        (ModelFault::RateLimited(None), 4, Unavailable::RateLimited),
        (ModelFault::RateLimitedHtml, 4, Unavailable::RateLimited),
        (ModelFault::Status(500), 4, Unavailable::ServerError { status: 500 }),
        (ModelFault::Status(408), 4, Unavailable::TimedOut),
        (ModelFault::Reset, 4, Unavailable::Unreachable),
        (ModelFault::CutJson, 4, Unavailable::Malformed),
        (ModelFault::CutBody, 4, Unavailable::Unreachable),
        (ModelFault::QuotaUsedUp, 1, Unavailable::QuotaExhausted),
        (ModelFault::Status(401), 1, Unavailable::Unauthorized),
        (ModelFault::Status(403), 1, Unavailable::Unauthorized),
        (ModelFault::Status(400), 1, Unavailable::Rejected { status: 400 }),
        (ModelFault::NoChoices, 1, Unavailable::Malformed),
        (ModelFault::Huge(100 << 10), 1, Unavailable::TooLarge),
    ] {
        let bench = Bench::new().await;
        bench.fake.always(Some(fault.clone()));
        assert_eq!(reason(bench.ask("taxi").await), expected, "{fault:?}");
        assert_eq!(bench.fake.count(), calls, "{fault:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unreachable_and_costs_nothing() {
    let bench = Bench::with(|settings| settings.base_url = "http://127.0.0.1:9/v1".into()).await;
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::Unreachable);
    assert_eq!(bench.budget.spent(bench.tenant, language_model::Window::Month).0, 0);
}

#[tokio::test]
async fn answers_that_choose_nothing_offered_decide_nothing() {
    let content = |text: &str| ModelFault::Content(text.into());
    for (fault, expected) in [
        (content(r#"{"label":"L99"}"#), Abstention::OutsideOfSet),
        (content(r#"{"label":"Income"}"#), Abstention::OutsideOfSet),
        (content(r#"{"label":"l01"}"#), Abstention::OutsideOfSet),
        (content(r#"{"label":"L01","amount":5}"#), Abstention::Unreadable),
        (content(r#"["L01"]"#), Abstention::Unreadable),
        (content("L01"), Abstention::Unreadable),
        (content(r#"{"label":"L01","label":"L02"}"#), Abstention::Unreadable),
        (content(r#"{"label":["L01"]}"#), Abstention::Unreadable),
        (content(""), Abstention::Unreadable),
        (content(r#"{"label":"L00"}"#), Abstention::NoneOfThese),
        (ModelFault::Refusal, Abstention::Refused),
        (ModelFault::FinishReason("content_filter"), Abstention::Refused),
        (ModelFault::CutAtLength, Abstention::CutOff),
    ] {
        let bench = Bench::new().await;
        bench.fake.script([fault.clone()]);
        match bench.ask("taxi").await {
            Outcome::Abstained { why, provenance } => {
                assert_eq!(why, expected, "{fault:?}");
                assert!(provenance.cost.0 > 0, "an answer is paid for, whatever it says");
            }
            other => panic!("{fault:?}: {other:?}"),
        }
        assert_eq!(bench.fake.count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn what_servers_leave_out_or_name_otherwise_does_not_matter() {
    let bench = Bench::new().await;
    bench.fake.script([ModelFault::NoUsage]);
    let decision = decided(bench.ask("taxi").await);
    assert!(decision.provenance.tokens.is_counted && decision.provenance.tokens.prompt > 100, "{decision:?}");
    assert!(decision.provenance.cost.0 > 100);
    bench.fake.script([ModelFault::FinishReason("eos")]);
    let decision = decided(bench.ask("another taxi").await);
    assert!(!decision.provenance.tokens.is_counted);
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The client library logs bodies that it cannot read, at level error: it must never get one.
#[tokio::test]
async fn neither_the_prompt_nor_an_answer_is_logged_at_any_level() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let bench = Bench::with(|settings| settings.breaker.failures = 1_000).await;
    for fault in [
        ModelFault::RateLimited(None),
        ModelFault::RateLimitedHtml,
        ModelFault::RateLimitedIntegerCode,
        ModelFault::QuotaUsedUp,
        ModelFault::Status(500),
        ModelFault::Status(400),
        ModelFault::CutJson,
        ModelFault::Html,
        ModelFault::NoChoices,
        ModelFault::Refusal,
        ModelFault::Content(MODEL_SECRET.into()),
        ModelFault::Content(format!(r#"{{"label":"{MODEL_SECRET}"}}"#)),
    ] {
        bench.fake.always(Some(fault.clone()));
        let outcome = bench.ask("words-of-the-record taxi").await;
        assert!(!format!("{outcome:?}").contains(MODEL_SECRET), "{fault:?}: {outcome:?}");
    }
    let logged = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the model was not available"), "the reasons are logged: {logged}");
    for secret in [MODEL_SECRET, "words-of-the-record", "sk-the-key", "Flights, hotels"] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}
