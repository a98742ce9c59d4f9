//! Money and calls: set aside before, settled after, never more than there is.

use common::TenantId;
use common::decision::{LlmOutcome, WhyHuman};
use common::event::Access;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::bench::Bench;
use crate::domain::model_answer::ModelAnswer;

fn refused(answer: &ModelAnswer, word: &str) {
    assert_eq!((answer.why, answer.receipt.outcome), (Some(WhyHuman::OverBudget), LlmOutcome::OverBudget));
    let detail = answer.receipt.detail.as_deref().unwrap_or_default();
    assert!(detail.contains(word), "{word} in {detail}");
}

async fn labelled(bench: &Bench, budget: &str) -> TenantId {
    let tenant = bench.tenant_with_budget(budget).await;
    bench.label(tenant, "Travel", &[]).await;
    tenant
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_money_left_asks_nobody_until_the_next_month() {
    let bench = Bench::new().await;
    bench.ask("warm").await;
    let tenant = labelled(&bench, "0.000001").await;
    let before = bench.fake.count();
    refused(&bench.ask_as(tenant, "a taxi").await, "does not cover");
    assert_eq!(bench.fake.count(), before, "nothing left the house");
    assert_eq!(bench.count(&format!("model_usage WHERE tenant_id = '{tenant}'")).await, 0);

    // What a process that died had set aside counts, and no longer when the month is over.
    bench.budget(tenant, Some("1")).await;
    bench
        .sql(&format!(
            "INSERT INTO model_usage (tenant_id, month, reserved) VALUES ('{tenant}', '2026-01-01', 999999); \
             INSERT INTO model_reservations VALUES (gen_random_uuid(), '{tenant}', '2026-01-01', 999999, 1, now())"
        ))
        .await;
    refused(&bench.ask_as(tenant, "a taxi").await, "2026-02-01");
    bench.clock.advance(chrono::Duration::days(1));
    assert_eq!(bench.ask_as(tenant, "a taxi").await.why, None);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_set_no_budget_spends_nothing() {
    let bench = Bench::new().await;
    bench.budget(bench.tenant, None).await;
    refused(&bench.ask("a taxi").await, "does not cover");
    bench.change(bench.tenant, |settings| settings.llm.currency = "EUR".into()).await;
    refused(&bench.ask("a taxi").await, "in EUR and the prices are in USD");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_at_once_never_spend_more_than_there_is() {
    let bench = Bench::with(|settings| settings.max_concurrent_calls = 8).await;
    bench.ask("warm").await;
    let tenant = labelled(&bench, "0.02").await;
    let (one, two) = (&bench.app, bench.another());
    let asking: FuturesUnordered<_> = (0..40)
        .map(|place| {
            let request = super::super::ModelRequest { tenant, ..bench.request(&format!("record {place}")) };
            let app = if place % 2 == 0 { one } else { &two };
            async move { super::super::ask(app, &request).await }
        })
        .collect();
    let answers: Vec<ModelAnswer> = asking.collect().await;
    let decided = answers.iter().filter(|answer| answer.why.is_none()).count();
    let over = answers.iter().filter(|answer| answer.why == Some(WhyHuman::OverBudget)).count();
    assert_eq!(decided + over, 40, "{answers:?}");
    assert!(decided > 0 && over > 0, "{decided} decided, {over} over budget");
    let kept = format!(
        "model_usage WHERE tenant_id = '{tenant}' AND spent <= 20000 AND reserved = 0 AND calls = {decided} \
         AND calls_reserved = 0"
    );
    assert_eq!(bench.count(&kept).await, 1);
    drop(two);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plans_calls_are_a_limit_as_well_and_failures_do_not_use_them_up() {
    let bench = Bench::new().await;
    bench.ask("warm").await;
    let tenant = labelled(&bench, "10").await;
    bench.allow(tenant, Some(1), Access::Full).await;
    bench.fake.always(Some(fake_model::ModelFault::Status(500)));
    assert_eq!(bench.ask_as(tenant, "a taxi").await.why, Some(WhyHuman::ModelUnavailable));
    bench.fake.always(None);
    assert_eq!(bench.ask_as(tenant, "a taxi").await.why, None, "a call that failed is not counted");
    refused(&bench.ask_as(tenant, "a train").await, "1 calls");
    bench.clock.advance(chrono::Duration::hours(11));
    assert_eq!(bench.ask_as(tenant, "a train").await.why, None, "in Berlin the next month has begun");

    let read_only = labelled(&bench, "10").await;
    bench.allow(read_only, None, Access::ReadOnly).await;
    refused(&bench.ask_as(read_only, "a taxi").await, "0 calls");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_written_stops_every_call() {
    let bench = Bench::new().await;
    bench.ask("warm").await;
    bench.sql("REVOKE INSERT ON model_reservations FROM verdict_app").await;
    let before = bench.fake.count();
    let answer = bench.ask("a taxi").await;
    assert_eq!(answer.why, Some(WhyHuman::ModelUnavailable));
    assert!(answer.receipt.detail.is_some_and(|why| why.contains("budget cannot be read")));
    assert_eq!(bench.fake.count(), before);
    bench.end().await;
}
