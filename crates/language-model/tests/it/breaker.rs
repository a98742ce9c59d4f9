//! An endpoint that fails is left alone, for the tenant whose calls fail and for no other.

use chrono::Duration;
use common::TenantId;
use fake_model::ModelFault;
use language_model::{BreakerState, Outcome, Unavailable, Window};

use crate::support::{Bench, decided, question, reason};

async fn failing() -> Bench {
    let bench = Bench::with(|settings| {
        settings.breaker.failures = 3;
        settings.retry.max_retries = 0;
    })
    .await;
    bench.fake.always(Some(ModelFault::Status(500)));
    for place in 0..3 {
        let outcome = bench.ask(&format!("taxi {place}")).await;
        assert_eq!(reason(outcome), Unavailable::ServerError { status: 500 });
    }
    bench
}

#[tokio::test]
async fn an_open_circuit_calls_nobody_and_one_trial_closes_it() {
    let bench = failing().await;
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::CircuitOpen);
    assert_eq!(bench.fake.count(), 3);
    bench.clock.advance(Duration::seconds(61));
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::ServerError { status: 500 });
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::CircuitOpen, "the trial failed");
    bench.clock.advance(Duration::seconds(61));
    bench.fake.always(None);
    decided(bench.ask("taxi").await);
    assert_eq!(bench.parts.breakers.state(bench.tenant, "default"), BreakerState::Closed);
    assert_eq!(bench.budget.reserved(bench.tenant).0, 0, "nothing stays reserved");
}

#[tokio::test]
async fn another_tenant_goes_on() {
    let bench = failing().await;
    bench.fake.always(None);
    let other = TenantId::generate();
    bench.allow(other, 1_000_000);
    decided(bench.model.classify(question(other, "taxi")).await);
    assert_eq!(reason(bench.ask("taxi").await), Unavailable::CircuitOpen);
}

#[tokio::test]
async fn what_is_the_records_or_the_budgets_fault_does_not_open_it() {
    let bench = Bench::with(|settings| settings.breaker.failures = 1).await;
    bench.fake.script([ModelFault::Status(400), ModelFault::Refusal, ModelFault::Content("no".into())]);
    for text in ["a", "b", "c"] {
        bench.ask(text).await;
    }
    bench.allow(bench.tenant, 0);
    assert!(matches!(bench.ask("d").await, Outcome::OverBudget(_)));
    assert_eq!(bench.parts.breakers.state(bench.tenant, "default"), BreakerState::Closed);
    assert!(bench.budget.spent(bench.tenant, Window::Month).0 > 0);
}
