//! Goes through runs, a batch at a time. What a batch decided is committed with its progress, so a worker that dies leaves
//! a run that any other goes on with, and no record is decided twice by it.

use std::collections::HashMap;
use std::sync::Arc;

use common::decision::Thresholds;
use common::event::{Cause, Event, ReprocessOutcome, Reprocessed, RunCompleted};
use common::record::Stage;
use common::trace::TraceContext;
use common::{Actor, DateTime, DecisionId, LabelId, RecordId, RunId, TenantId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::{Decision, SERVICE, decide};
use crate::domain::run::{Run, RunItem, RunResult, RunState, RunStatus};
use crate::rule_book::TenantRules;
use crate::store::records::{Known, Standing};
use crate::store::{decisions, labels, pending_decisions, records, runs};

/// Records of one transaction.
const BATCH: i64 = 500;
/// Runs that take turns.
const RUNS: i64 = 20;

/// Whether there is more to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    Done,
}

/// What decides the records of a batch.
struct Deciding<'d> {
    run: &'d Run,
    cause: &'d Cause,
    rules: Arc<TenantRules>,
    names: HashMap<LabelId, String>,
    /// What the dry run said of them, of a run that is bound to one.
    said: HashMap<RecordId, RunItem>,
}

/// Runs a batch of each run that is not at its end, each in a transaction of its own.
pub(crate) async fn advance_runs(app: &App) -> Result<Progress, DbError> {
    let running = app.db.system(async |connection| runs::running(connection, RUNS).await).await?;
    let mut progress = Progress::Done;
    for (tenant, id) in running {
        match advance(app, tenant, id).await {
            Ok(Progress::More) => progress = Progress::More,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, run = %id, "the run is not gone on with now"),
        }
    }
    Ok(progress)
}

async fn advance(app: &App, tenant: TenantId, id: RunId) -> Result<Progress, DbError> {
    let now = app.clock.now();
    app.db
        .tenant(tenant, async |connection| {
            let Some(run) = runs::lease(connection, tenant, id).await? else { return Ok(Progress::Done) };
            let cause = cause_of(&run, now);
            let ids = runs::next_items(connection, tenant, id, BATCH).await?;
            if ids.is_empty() {
                runs::end(connection, tenant, id, RunStatus::Completed, now).await?;
                app.outbox.append(connection, &[Event::new(&cause, SERVICE, &completed(&run))]).await?;
                return Ok(Progress::Done);
            }
            let items = run_batch(connection, app, &run, &cause, &ids).await?;
            runs::note(connection, tenant, id, &items).await?;
            Ok(Progress::More)
        })
        .await
}

fn cause_of(run: &Run, now: DateTime) -> Cause {
    let trace = TraceContext::parse(&run.traceparent).unwrap_or_else(TraceContext::random);
    Cause { tenant_id: run.tenant_id, actor: Actor::service(SERVICE), trace, at: now }
}

async fn run_batch(
    connection: &mut Connection,
    app: &App,
    run: &Run,
    cause: &Cause,
    ids: &[RecordId],
) -> Result<Vec<RunItem>, DbError> {
    let tenants = [run.tenant_id];
    if !run.dry_run {
        records::lock(connection, &tenants, ids).await?;
    }
    let standing = records::standing(connection, &tenants, ids).await?;
    let known = records::find_many(connection, run.tenant_id, ids).await?;
    let waiting = pending_decisions::find(connection, &tenants, ids).await?;
    let deciding = Deciding {
        run,
        cause,
        rules: app.rules.rules_at(connection, run.tenant_id, run.rule_set_version).await?.unwrap_or_default(),
        names: labels::names(connection, run.tenant_id).await?,
        said: match run.dry_run_id {
            Some(dry_run) => runs::items(connection, run.tenant_id, dry_run, ids).await?,
            None => HashMap::new(),
        },
    };
    let (mut items, mut made, mut events) = (Vec::with_capacity(ids.len()), Vec::new(), Vec::new());
    for id in ids {
        let (Some(known), Some(now)) = (known.get(id), standing.get(id)) else {
            items.push(RunItem::left(*id, RunResult::Failed, Some("gone"), None));
            continue;
        };
        // Another decision of it is on its way, and will count as its next.
        if waiting.contains_key(id) {
            let stands = Some(RunState::of(&now.current));
            items.push(RunItem::left(*id, RunResult::Conflict, Some("being_decided"), stands));
            continue;
        }
        let (item, decision) = deciding.of(known, now);
        items.push(item);
        if let Some(next) = decision.filter(|_| !run.dry_run) {
            events.push(next.announce(cause, known.record.clone()));
            events.push(answer(cause, &next, now));
            made.push(next);
        }
    }
    decisions::insert_of_machine(connection, &made).await?;
    records::give_to_machine(connection, &tenants, &made).await?;
    app.outbox.append(connection, &events).await?;
    Ok(items)
}

impl Deciding<'_> {
    /// What comes of a record, and the new decision if there is one.
    fn of(&self, known: &Known, now: &Standing) -> (RunItem, Option<Decision>) {
        let id = known.record.record_id;
        let before = RunState::of(&now.current);
        let left = |result, reason| (RunItem::left(id, result, reason, Some(before.clone())), None);
        if now.current.decided_by.is_some() {
            return left(RunResult::Pinned, Some("decided_by_person"));
        }
        let said = self.said.get(&id);
        if said.is_some_and(|said| said.before.as_ref().and_then(|state| state.decision_id) != Some(now.current.id)) {
            return left(RunResult::Conflict, Some("decided_since"));
        }
        let Some(next) = self.decide(known, now) else { return left(RunResult::Failed, Some("label_is_gone")) };
        // What rules leave open is for the later stages; what those came to is not undone by rules that say nothing.
        let is_left_open = next.stage == Stage::None && matches!(now.current.stage, Stage::Embedding | Stage::Llm);
        if is_left_open || next.is_as(&now.current) {
            let result = if said.is_some() { RunResult::Conflict } else { RunResult::Unchanged };
            return left(result, said.map(|_| "comes_out_otherwise"));
        }
        let after = if self.run.dry_run { RunState::of_dry(&next) } else { RunState::of(&next) };
        let is_as_said = said.is_none_or(|said| said.after.as_ref().is_some_and(|state| state.says_the_same(&after)));
        if !is_as_said {
            return left(RunResult::Conflict, Some("comes_out_otherwise"));
        }
        let item = RunItem {
            record_id: id,
            result: RunResult::Changed,
            reason: None,
            before: Some(before),
            after: Some(after),
        };
        (item, Some(next))
    }

    /// The decision by the run's rules; none where its label is gone.
    fn decide(&self, known: &Known, now: &Standing) -> Option<Decision> {
        let thresholds = Thresholds { auto_accept: self.run.auto_accept_threshold, ..Thresholds::default() };
        let mut outcome = decide(self.rules.set(), self.run.rule_stage, &known.record, thresholds);
        let mut label_id = None;
        if let Some(rule) = &outcome.reasoning.rule {
            // A former set has the label's name of then.
            let id = self.rules.label_of(rule.id)?;
            outcome.label = Some(self.names.get(&id)?.clone());
            label_id = Some(id);
        }
        let first = Decision::first(DecisionId::generate(), &known.record, self.cause, outcome, label_id);
        Some(Decision { sequence: Some(now.last_sequence + 1), ..first })
    }
}

fn answer(cause: &Cause, next: &Decision, before: &Standing) -> Event {
    let reprocessed = Reprocessed {
        record_id: next.record_id,
        operation_id: None,
        outcome: ReprocessOutcome::Changed,
        decision_id: next.id,
        previous_decision_id: Some(before.current.id),
        sequence: next.sequence.unwrap_or_default(),
        status: next.status,
        label: next.label.clone(),
        previous_status: Some(before.current.status),
        previous_label: before.current.label.clone(),
    };
    Event::new(cause, SERVICE, &reprocessed)
}

fn completed(run: &Run) -> RunCompleted {
    RunCompleted {
        run_id: run.id,
        dry_run: run.dry_run,
        total: run.total,
        changed: run.tally.changed,
        unchanged: run.tally.unchanged,
        pinned: run.tally.pinned,
        conflicts: run.tally.conflicts,
        failed: run.tally.failed,
    }
}

#[cfg(test)]
#[path = "advance_runs_tests.rs"]
mod tests;
