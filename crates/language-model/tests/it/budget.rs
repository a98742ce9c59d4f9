//! Budgets hold under any race, and fail closed.

use std::sync::Arc;

use async_trait::async_trait;
use common::TenantId;
use common::clock::ManualClock;
use fake_model::ModelFault;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use language_model::{
    Budget, LanguageModel, LedgerError, Limits, MemoryBudget, Micros, ModelChoice, Outcome, Parts, Question,
    Reservation, ReserveError, Unavailable, Window,
};
use proptest::prelude::*;

use crate::support::{Bench, decided, labels, loopback, question, reason, sendable};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is reserved and settled by whom at the same time: no more is spent than the limit, and the sum is exact.
    #[test]
    fn a_ledger_is_never_overdrawn(
        limit in 0_u64..2_000,
        calls in proptest::collection::vec((1_u64..300, 0_u64..=100), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        let clock = Arc::new(ManualClock::at("2026-01-31T12:00:00Z".parse().unwrap()));
        let (ledger, tenant) = (Arc::new(MemoryBudget::new(clock)), TenantId::generate());
        ledger.set_limits(tenant, Limits { day: Some(Micros(limit)), month: Some(Micros(limit)) });
        let spent: u64 = runtime.block_on(async {
            let calls: FuturesUnordered<_> = calls.into_iter().map(|(amount, percent)| {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move {
                    let Ok(reservation) = ledger.reserve(tenant, Micros(amount), 1).await else { return 0 };
                    let before = ledger.spent(tenant, Window::Day) + ledger.reserved(tenant);
                    assert!(before <= Micros(limit), "{before} of {limit}");
                    tokio::task::yield_now().await;
                    let cost = amount * percent / 100;
                    ledger.settle(reservation, Micros(cost), 1).await.unwrap();
                    cost
                })
            }).collect();
            calls.map(Result::unwrap).fold(0, async |sum, cost| sum + cost).await
        });
        prop_assert!(spent <= limit);
        prop_assert_eq!(ledger.spent(tenant, Window::Month), Micros(spent));
        prop_assert_eq!(ledger.reserved(tenant), Micros::ZERO);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn questions_at_once_never_spend_more_than_the_budget() {
    let bench = Bench::with(|settings| settings.max_concurrent_calls = 16).await;
    let cost = decided(bench.ask("to see what one costs").await).provenance.cost.0;
    let limit = cost * 40;
    bench.allow(bench.tenant, limit);
    let asking: FuturesUnordered<_> = (0..60)
        .map(|place| {
            let (model, question) = (bench.model.clone(), question(bench.tenant, &format!("record {place} of many")));
            tokio::spawn(async move { model.classify(question).await })
        })
        .collect();
    let outcomes: Vec<Outcome> = asking.map(Result::unwrap).collect().await;
    let decided = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Decided(_))).count();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::OverBudget(_))).count();
    assert_eq!(decided + refused, 60, "{outcomes:?}");
    assert!(decided > 0 && refused > 0, "{decided} decided, {refused} refused");
    let spent = bench.budget.spent(bench.tenant, Window::Month).0;
    assert!(spent <= limit, "{spent} of {limit}");
    assert_eq!(bench.budget.reserved(bench.tenant), Micros::ZERO);
    assert_eq!(bench.fake.count(), decided + 1, "who is refused asks nobody");
}

#[tokio::test]
async fn another_tenants_budget_is_not_touched() {
    let bench = Bench::new().await;
    let other = TenantId::generate();
    let Outcome::OverBudget(refused) = bench.model.classify(question(other, "taxi")).await else { panic!("asked") };
    assert_eq!((refused.limit, refused.window), (Micros::ZERO, Window::Month));
    assert_eq!(refused.renews_at.to_rfc3339(), "2026-02-01T00:00:00+00:00");
    assert_eq!(bench.fake.count(), 0);
    decided(bench.ask("taxi").await);
    assert_eq!(bench.budget.spent(other, Window::Month), Micros::ZERO);
}

#[tokio::test]
async fn attempts_that_were_never_answered_count_as_spent() {
    let bench = Bench::with(|settings| settings.attempt_timeout_millis = 150).await;
    bench.fake.script([ModelFault::Hang, ModelFault::CutBody]);
    let decision = decided(bench.ask("taxi").await);
    let spent = bench.budget.spent(bench.tenant, Window::Month);
    assert!(spent > decision.provenance.tokens_cost() + Micros(200), "{spent} for {decision:?}");
    assert_eq!(spent, decision.provenance.cost);
    let refused = Bench::new().await;
    refused.fake.always(Some(ModelFault::RateLimited(None)));
    refused.ask("taxi").await;
    assert_eq!(refused.budget.spent(refused.tenant, Window::Month), Micros::ZERO, "a refused attempt is not charged");
}

trait TokensCost {
    fn tokens_cost(&self) -> Micros;
}

impl TokensCost for language_model::Provenance {
    fn tokens_cost(&self) -> Micros {
        Micros(self.tokens.prompt + self.tokens.completion)
    }
}

struct Down;

#[async_trait]
impl Budget for Down {
    async fn reserve(&self, _: TenantId, _: Micros, _: u32) -> Result<Reservation, ReserveError> {
        Err(LedgerError("down".into()).into())
    }

    async fn settle(&self, _: Reservation, _: Micros, _: u32) -> Result<(), LedgerError> {
        Err(LedgerError("down".into()))
    }
}

#[tokio::test]
async fn a_ledger_that_is_down_stops_every_call() {
    let bench = Bench::new().await;
    let parts = Parts { budget: Arc::new(Down), ..bench.parts.clone() };
    let model = LanguageModel::new(&bench.settings, &loopback(), parts).unwrap().unwrap();
    assert_eq!(reason(model.classify(question(bench.tenant, "taxi")).await), Unavailable::LedgerFailed);
    assert_eq!(bench.fake.count(), 0);
}

#[tokio::test]
async fn a_model_without_a_price_is_not_asked() {
    let bench = Bench::with(|settings| {
        let price = settings.prices.remove("*").unwrap();
        settings.prices.insert("model-a".into(), price);
    })
    .await;
    let choice = ModelChoice { model: "model-b".into(), capabilities: language_model::Capabilities::FULL };
    let question = Question::new(bench.tenant, choice, labels(), sendable("taxi"), Vec::new()).unwrap();
    assert_eq!(reason(bench.model.classify(question).await), Unavailable::NoPrice);
    assert_eq!(bench.fake.count(), 0);
}
