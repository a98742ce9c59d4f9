//! `GET /reports/summary` against figures worked out by hand.

use common::event::{ApprovalOutcome, Event};
use common::{Role, TenantId};
use reporting::log_events;
use serde_json::{Value, json};

use crate::support::{Journey, feed_of_length, start};

const PERIOD: &str = "/api/v1/reports/summary?from=2026-03-01T00:00:00Z&to=2026-03-04T00:00:00Z";

/// Six records: three decided by a rule, three by people or not yet; one decided again.
///
/// | record | source | received | first decision | answer |
/// |---|---|---|---|---|
/// | a | shop | 1st 10:00 | `refund` after 100 ms | |
/// | b | shop | 1st 11:00 | `refund` after 100 ms | |
/// | c | bank | 1st 11:30 | `fraud` after 10 s | (decided again on the 3rd) |
/// | d | bank | 3rd 09:00 | review after 100 ms | approved as `fraud` |
/// | e | shop | 3rd 09:00 | review after 100 ms | overridden with `other` |
/// | f | bank | 3rd 10:00 | review after 100 ms | waits |
/// | g | bank | 3rd 11:00 | none yet | |
fn fixture(tenant: TenantId) -> Vec<Event> {
    let record = |source, received| Journey::of(tenant, source, received);
    let (a, b) = (record("shop", "2026-03-01T10:00:00Z"), record("shop", "2026-03-01T11:00:00Z"));
    let (c, d) = (record("bank", "2026-03-01T11:30:00Z"), record("bank", "2026-03-03T09:00:00Z"));
    let (e, f) = (record("shop", "2026-03-03T09:00:00Z"), record("bank", "2026-03-03T10:00:00Z"));
    let g = record("bank", "2026-03-03T11:00:00Z");
    let mut events: Vec<Event> = [&a, &b, &c, &d, &e, &f, &g].map(Journey::ingested).into();
    events.extend([
        a.classified("refund", 100, 1),
        b.classified("refund", 100, 1),
        c.classified("fraud", 10_000, 1),
        c.classified("other", 2 * 86_400_000, 2),
        d.review_requested(100),
        e.review_requested(100),
        f.review_requested(100),
        d.answered(ApprovalOutcome::Approve, "fraud", 3_600_000),
        e.answered(ApprovalOutcome::Override, "other", 3_600_000),
    ]);
    events
}

fn figures(numbers: [i64; 7]) -> Value {
    let [received, decided, machine, review, approved, overridden, redecided] = numbers;
    json!({
        "received": received, "decided": decided, "decidedByMachine": machine, "reviewRequested": review,
        "approved": approved, "overridden": overridden, "redecided": redecided,
    })
}

fn named(name: &str, value: &str, mut figures: Value) -> Value {
    figures[name] = json!(value);
    figures
}

fn step(from: &str, to: &str, figures: Value) -> Value {
    named("from", from, named("to", to, figures))
}

fn assert_is_the_fixture(summary: &Value) {
    assert_eq!(summary["totals"], figures([7, 5, 3, 3, 1, 1, 1]));
    assert_eq!(summary["automationRate"], 0.6);
    assert_eq!(summary["overrideRate"], 0.5);
    let label = |label: &str, decided: i64, machine: i64, approved: i64, overridden: i64| {
        json!({
            "label": label, "decided": decided, "decidedByMachine": machine, "approved": approved,
            "overridden": overridden,
        })
    };
    assert_eq!(
        summary["byLabel"],
        json!([label("fraud", 2, 1, 1, 0), label("refund", 2, 2, 0, 0), label("other", 1, 0, 0, 1)])
    );
    assert_eq!(summary["byStage"], json!([{"stage": "rule", "decided": 3}, {"stage": "human", "decided": 2}]));
    assert_eq!(
        summary["bySource"],
        json!([
            named("source", "bank", figures([4, 2, 1, 2, 1, 0, 1])),
            named("source", "shop", figures([3, 3, 2, 1, 0, 1, 0])),
        ])
    );
    assert_eq!(
        summary["series"],
        json!([
            step("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", figures([3, 3, 3, 0, 0, 0, 0])),
            step("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", figures([0; 7])),
            step("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", figures([4, 2, 0, 3, 1, 1, 1])),
        ])
    );
    // Five took 100 ms and one 10 s.
    assert_eq!(summary["latency"]["count"], 6);
    assert_eq!(summary["latency"]["unit"], "seconds");
    for (percentile, truth) in [("p50", 0.1), ("p95", 10.0), ("p99", 10.0)] {
        let told = summary["latency"][percentile].as_f64().expect("a number");
        let bound = summary["latency"]["maxRelativeError"].as_f64().expect("a bound");
        assert!((told / truth - 1.0_f64).abs() <= bound, "{percentile}: {told} s, truly {truth} s");
    }
    assert_eq!(summary["backlog"], json!({"undecided": 1, "pendingReviews": 1}));
    assert_eq!(summary["llmCost"], Value::Null);
    assert_eq!(summary["unavailable"], json!({"llmCost": "the model stage is not enabled"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_worked_out_by_hand() {
    let app = start().await;
    let tenant = TenantId::generate();
    log_events(&app.db(), &fixture(tenant)).await.expect("logged");
    let answer = app.caller(tenant, Role::Analyst).get(PERIOD).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_is_the_fixture(&answer.body);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_do_not_depend_on_order_batches_or_repetition() {
    let app = start().await;
    let tenant = TenantId::generate();
    let mut events = fixture(tenant);
    events.reverse();
    for pair in events.chunks(2) {
        app.publish(pair).await;
    }
    app.publish(&events).await;
    app.publish(&fixture(TenantId::generate())).await;
    let analyst = app.caller(tenant, Role::Analyst);
    assert_eq!(feed_of_length(&analyst, events.len()).await.len(), events.len());
    let answer = analyst.get(PERIOD).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_is_the_fixture(&answer.body);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_counts_whole_hours_in_the_steps_asked_for() {
    let app = start().await;
    let tenant = TenantId::generate();
    log_events(&app.db(), &fixture(tenant)).await.expect("logged");
    let analyst = app.caller(tenant, Role::Analyst);
    let query = "from=2026-03-01T10:20:00Z&to=2026-03-01T11:10:00Z&interval=hour";
    let answer = analyst.get(&format!("/api/v1/reports/summary?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["from"], "2026-03-01T10:00:00Z");
    assert_eq!(answer.body["to"], "2026-03-01T12:00:00Z");
    assert_eq!(
        answer.body["series"],
        json!([
            step("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", figures([1, 1, 1, 0, 0, 0, 0])),
            step("2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z", figures([2, 2, 2, 0, 0, 0, 0])),
        ])
    );
    let query = "from=2026-02-28T00:00:00Z&to=2026-03-04T00:00:00Z&interval=week";
    let answer = analyst.get(&format!("/api/v1/reports/summary?{query}")).await;
    let received: Vec<_> = answer.body["series"].as_array().expect("a list").iter().map(|s| &s["received"]).collect();
    assert_eq!(received, [3, 4], "2026-03-02 is a Monday");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_divide_is_null_with_a_reason() {
    let app = start().await;
    let answer = app.caller(TenantId::generate(), Role::Analyst).get("/api/v1/reports/summary").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["automationRate"], Value::Null);
    assert_eq!(answer.body["overrideRate"], Value::Null);
    assert_eq!(answer.body["latency"]["p50"], Value::Null);
    assert_eq!(
        answer.body["unavailable"],
        json!({
            "automationRate": "no decisions in the period",
            "latency": "no machine decisions in the period",
            "llmCost": "the model stage is not enabled",
            "overrideRate": "no human decisions in the period",
        })
    );
    let steps = answer.body["series"].as_array().expect("a list").len();
    assert!((30..=31).contains(&steps), "thirty days by default, the first and last cut short: {steps}");
    assert_eq!(answer.body["interval"], "day");
    app.finish().await;
}
