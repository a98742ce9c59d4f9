//! Processes that stop in the middle of a run.

use std::sync::Arc;

use common::event::{Cause, RecordSnapshot};
use common::record::NormalizedRecord;
use common::rule::{RuleOrigin, RuleStatus};
use common::trace::TraceContext;
use common::{Actor, Clock as _, RecordId, RuleId, RunId, SystemClock, TenantId};
use language_model::LanguageModelSettings;
use test_support::TestDb;

use super::{Progress, advance_runs};
use crate::app::App;
use crate::domain::rule::NewRule;
use crate::domain::run::{Run, RunScope, RunStatus, Tally};
use crate::store::runs;
use crate::test_app;
use crate::usecases::create_label::{NewLabel, create_label};
use crate::usecases::create_rule::create_rule;
use crate::usecases::decide_records::{Arrival, decide_records};
use crate::usecases::start_run::{RulesWish, Wish, start_run};

const RECORDS: usize = 2_600;

struct Bed {
    database: TestDb,
    cause: Cause,
}

impl Bed {
    fn app(&self) -> App {
        test_app::app(&self.database, &LanguageModelSettings::default(), Arc::new(SystemClock))
    }

    async fn run(&self, app: &App, id: RunId) -> Run {
        let found: Result<Option<Run>, db::DbError> = app
            .db
            .tenant(self.cause.tenant_id, async |connection| runs::find(connection, self.cause.tenant_id, id).await)
            .await;
        found.expect("the database answers").expect("the run is there")
    }
}

/// Records that were decided without a rule, and then a rule for every second one.
async fn bed() -> Bed {
    let database = test_app::database().await;
    let cause = Cause {
        tenant_id: TenantId::generate(),
        actor: Actor::service("test"),
        trace: TraceContext::random(),
        at: SystemClock.now(),
    };
    let bed = Bed { database, cause };
    let app = bed.app();
    let cause = &bed.cause;
    let arrivals: Vec<Arrival> = (0..RECORDS)
        .map(|n| {
            let text = if n % 2 == 0 { "even" } else { "odd" };
            let record = RecordSnapshot {
                record_id: RecordId::generate(),
                external_id: None,
                source: "test".into(),
                integration_id: None,
                received_at: cause.at,
                normalized: NormalizedRecord { text: text.into(), ..NormalizedRecord::default() },
            };
            Arrival { record, cause: cause.clone() }
        })
        .collect();
    let rule = NewRule {
        id: RuleId::generate(),
        name: "Even".into(),
        condition: "record.text == \"even\"".into(),
        label: "even".into(),
        priority: 100,
        status: RuleStatus::Active,
        requires_review: false,
        description: String::new(),
        origin: RuleOrigin::Manual,
    };
    let label = NewLabel { name: "even".into(), description: String::new(), examples: Vec::new() };
    let made: Result<(), db::DbError> = app
        .db
        .tenant(cause.tenant_id, async |connection| {
            decide_records(connection, &app, &[cause.tenant_id], arrivals).await?;
            create_label(connection, &app, cause, label).await.expect("a label");
            create_rule(connection, &app, cause, rule).await.expect("a rule");
            Ok(())
        })
        .await;
    made.expect("the bed is made");
    bed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cut_off_again_and_again_decides_each_record_once() {
    let bed = bed().await;
    let app = Arc::new(bed.app());
    let wish = Wish::Scope { scope: RunScope::default(), dry_run: false, rule_stage: None, rules: RulesWish::Present };
    let begun: Result<Run, crate::usecases::start_run::StartRunError> = app
        .db
        .tenant(bed.cause.tenant_id, async |connection| start_run(connection, &app, &bed.cause, wish).await)
        .await;
    let begun = begun.expect("it begins");
    assert_eq!(begun.total, i32::try_from(RECORDS).expect("small"));
    // Whoever is at it goes away a little later each time: before, in and after a batch's commit. PostgreSQL rolls
    // back what was not committed, as it does when a process is killed.
    let mut cuts = 0;
    for wait in (0..).step_by(3) {
        let working = Arc::clone(&app);
        let worker = tokio::spawn(async move { advance_runs(&working).await });
        let cut = worker.abort_handle();
        let ended = match tokio::time::timeout(std::time::Duration::from_millis(wait), worker).await {
            Ok(progress) => progress.expect("no panic").expect("the database answers") == Progress::Done,
            Err(_) => {
                cut.abort();
                cuts += 1;
                false
            }
        };
        let run = bed.run(&app, begun.id).await;
        let tally = run.tally;
        assert_eq!((tally.failed, tally.pinned, tally.conflicts), (0, 0, 0));
        assert!(tally.done() % 500 == 0 || tally.done() == run.total, "whole batches only: {tally:?}");
        if ended && run.status == RunStatus::Completed {
            break;
        }
    }
    assert!(cuts > 0, "nothing was cut off");
    let half = i32::try_from(RECORDS / 2).expect("small");
    let run = bed.run(&app, begun.id).await;
    assert_eq!(run.tally, Tally { changed: half, unchanged: half, ..Tally::default() });
    let count = async |what: &str| bed.database.count(what).await;
    assert_eq!(count("decisions WHERE sequence = 2 AND label = 'even'").await, i64::from(half));
    assert_eq!(count("decisions WHERE sequence > 2").await, 0, "no record was decided twice");
    assert_eq!(count("outbox WHERE routing_key = 'REPROCESSED'").await, i64::from(half), "and each is told of once");
    assert_eq!(count("outbox WHERE routing_key = 'RUN_COMPLETED'").await, 1);
    let Bed { database, .. } = bed;
    drop(app);
    database.drop().await;
}
