//! Answers are given again, to the tenant that paid for them and to nobody else, and asked for once at a time.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use common::TenantId;
use fake_model::ModelFault;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use language_model::{
    Answer, AnswerCache, CacheError, CacheKey, Capabilities, LanguageModel, Micros, ModelChoice, Outcome, Parts,
    Question, Window,
};

use crate::support::{Bench, decided, labels, loopback, question, sendable};

#[tokio::test]
async fn the_same_content_is_asked_once_and_costs_once() {
    let bench = Bench::new().await;
    let first = decided(bench.ask("taxi  to\u{200b} the airport").await);
    let again = decided(bench.ask("taxi to the airport").await);
    assert_eq!((bench.fake.count(), again.label), (1, first.label));
    assert!(again.provenance.is_cached && again.provenance.cost == Micros::ZERO && !first.provenance.is_cached);
    assert_eq!(again.provenance.prompt_hash, first.provenance.prompt_hash);
    assert_eq!(bench.budget.spent(bench.tenant, Window::Month), first.provenance.cost);
    bench.clock.advance(Duration::seconds(3_601));
    assert!(!decided(bench.ask("taxi to the airport").await).provenance.is_cached, "too old");
}

#[tokio::test]
async fn two_tenants_never_share_an_answer() {
    let bench = Bench::new().await;
    decided(bench.ask("taxi").await);
    let other = TenantId::generate();
    bench.allow(other, 1_000_000);
    let theirs = decided(bench.model.classify(question(other, "taxi")).await);
    assert!(!theirs.provenance.is_cached && theirs.provenance.cost > Micros::ZERO);
    assert_eq!(bench.fake.count(), 2);
    let keys = [bench.tenant, other].map(|tenant| CacheKey::of(&question(tenant, "taxi"), "default"));
    assert!(keys[0].digest != keys[1].digest && keys[0].tenant != keys[1].tenant);
}

#[test]
fn each_part_of_a_question_is_in_its_key() {
    let tenant = TenantId::generate();
    let key = |model: &str, version: &str, names: &[&str], policy: &str, text: &str, endpoint: &str| {
        let mut set = (*labels()).clone();
        set.version = version.into();
        set.policy = policy.into();
        set.labels.retain(|label| names.contains(&label.name.as_str()));
        let choice = ModelChoice { model: model.into(), capabilities: Capabilities::FULL };
        let question = Question::new(tenant, choice, Arc::new(set), sendable(text), Vec::new()).unwrap();
        CacheKey::of(&question, endpoint).digest
    };
    let both = ["Travel", "Meals"];
    let all = [
        key("a", "1", &both, "p", "taxi", "e"),
        key("b", "1", &both, "p", "taxi", "e"),
        key("a", "2", &both, "p", "taxi", "e"),
        // Only a part of the labels was offered: an answer from outside of it must not come back.
        key("a", "1", &["Travel"], "p", "taxi", "e"),
        key("a", "1", &both, "q", "taxi", "e"),
        key("a", "1", &both, "p", "train", "e"),
        key("a", "1", &both, "p", "taxi", "f"),
    ];
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(key("a", "1", &both, "p", "taxi", "e"), all[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_equal_questions_at_once_one_is_asked() {
    let bench = Bench::new().await;
    bench.fake.set(|traits| traits.delay = std::time::Duration::from_millis(100));
    let asking: FuturesUnordered<_> = (0..50)
        .map(|_| {
            let (model, question) = (bench.model.clone(), question(bench.tenant, "taxi"));
            tokio::spawn(async move { decided(model.classify(question).await) })
        })
        .collect();
    let all: Vec<_> = asking.map(Result::unwrap).collect().await;
    assert_eq!((bench.fake.count(), all.len()), (1, 50));
    let paid: Vec<Micros> = all.iter().map(|d| d.provenance.cost).filter(|cost| *cost > Micros::ZERO).collect();
    assert_eq!(paid.len(), 1, "one receipt has the cost");
    assert_eq!(bench.budget.spent(bench.tenant, Window::Month), paid[0]);
}

#[tokio::test]
async fn a_failure_is_shared_by_those_who_wait_and_not_kept() {
    let bench = Bench::new().await;
    bench.fake.always(Some(ModelFault::Status(401)));
    bench.fake.set(|traits| traits.delay = std::time::Duration::from_millis(50));
    let (one, two) = tokio::join!(bench.ask("taxi"), bench.ask("taxi"));
    assert!(matches!((one, two), (Outcome::Unavailable(_), Outcome::Unavailable(_))));
    assert_eq!(bench.fake.count(), 1);
    bench.fake.always(None);
    decided(bench.ask("taxi").await);
}

/// The caller goes away in the middle: the call goes on, is settled, and its answer is there for the next.
#[tokio::test]
async fn a_cancelled_caller_leaves_nothing_behind_and_its_answer_is_kept() {
    let bench = Bench::new().await;
    bench.fake.set(|traits| traits.delay = std::time::Duration::from_millis(100));
    let caller = tokio::spawn({
        let (model, question) = (bench.model.clone(), question(bench.tenant, "taxi"));
        async move { model.classify(question).await }
    });
    bench.fake.wait_for_calls(1).await;
    assert!(bench.budget.reserved(bench.tenant) > Micros::ZERO);
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    let answer = decided(bench.ask("taxi").await);
    assert!(answer.provenance.is_cached, "{answer:?}");
    assert_eq!(bench.fake.count(), 1);
    assert_eq!(bench.budget.reserved(bench.tenant), Micros::ZERO);
    assert!(bench.budget.spent(bench.tenant, Window::Month) > Micros::ZERO);
}

struct Broken;

#[async_trait]
impl AnswerCache for Broken {
    async fn get(&self, _: &CacheKey) -> Result<Option<Answer>, CacheError> {
        Err(CacheError("down".into()))
    }

    async fn put(&self, _: &CacheKey, _: Answer) -> Result<(), CacheError> {
        Err(CacheError("down".into()))
    }

    async fn forget(&self, _: &CacheKey) -> Result<(), CacheError> {
        Err(CacheError("down".into()))
    }
}

#[tokio::test]
async fn a_cache_that_is_down_costs_calls_and_no_decisions() {
    let bench = Bench::new().await;
    let parts = Parts { cache: Arc::new(Broken), ..bench.parts.clone() };
    let model = LanguageModel::new(&bench.settings, &loopback(), parts).unwrap().unwrap();
    for _ in 0..2 {
        decided(model.classify(question(bench.tenant, "taxi")).await);
    }
    assert_eq!(bench.fake.count(), 2);
}
