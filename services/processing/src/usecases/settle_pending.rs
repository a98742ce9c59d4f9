//! Ends the wait of records that rules left open: with a later stage's decision, with a person's, or as the rules left them.

use std::collections::HashMap;

use common::decision::WhyHuman;
use common::event::{Event, ReprocessOutcome, Reprocessed};
use common::{DateTime, OperationId, RecordId, TenantId};
use db::{Connection, DbError};
use uuid::Uuid;

use crate::app::App;
use crate::domain::decision::{Decision, SERVICE};
use crate::domain::pending::{Asked, Pending};
use crate::domain::scored::ScoredDecision;
use crate::domain::similarity::undecided;
use crate::store::records::Standing;
use crate::store::{decisions, pending_decisions, records, scored_decisions};

/// What a later stage came to.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) decision: Decision,
    /// How it was scored, where similarity was tried.
    pub(crate) scored: Option<ScoredDecision>,
}

impl Settled {
    /// A decision that similarity had no part in.
    pub(crate) const fn open(decision: Decision) -> Self {
        Self { decision, scored: None }
    }
}

/// Makes the decisions of those records that the lease still holds. The others were decided, or claimed by somebody
/// else, in the meantime.
pub(crate) async fn settle_pending(
    connection: &mut Connection,
    app: &App,
    tenant: TenantId,
    lease: Uuid,
    settled: Vec<Settled>,
) -> Result<(), DbError> {
    let mut ids: Vec<RecordId> = settled.iter().map(|one| one.decision.record_id).collect();
    ids.sort_unstable();
    records::lock(connection, &[tenant], &ids).await?;
    let taken = pending_decisions::take(connection, tenant, lease, &ids).await?;
    let standing = records::standing(connection, &[tenant], &Vec::from_iter(taken.keys().copied())).await?;
    let now = app.clock.now();
    let (mut made, mut events, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    for Settled { decision, scored } in settled {
        let Some(pending) = taken.get(&decision.record_id) else { continue };
        let before = standing.get(&decision.record_id);
        let is_new_text = pending.asked.iter().any(|asked| asked.is_new_text);
        if let Some(before) = before.filter(|before| before.current.decided_by.is_some()) {
            events.extend(answers(&pending.asked, &before.current, Some(before), ReprocessOutcome::Pinned, now));
        } else if let Some(before) = before.filter(|before| !is_new_text && decision.is_as(&before.current)) {
            events.extend(answers(&pending.asked, &before.current, Some(before), ReprocessOutcome::Unchanged, now));
        } else {
            events.push(decision.announce(&pending.cause(now), pending.record.clone()));
            events.extend(answers(&pending.asked, &decision, before, ReprocessOutcome::Changed, now));
            scores.extend(scored);
            made.push(decision);
        }
    }
    decisions::insert_of_machine(connection, &made).await?;
    records::give_to_machine(connection, &[tenant], &made).await?;
    scored_decisions::put(connection, &scores).await?;
    app.outbox.append(connection, &events).await
}

/// Decides records that have no decision yet as the rules left them, because somebody wants to act on them now.
pub(super) async fn settle_at_once(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Result<(), DbError> {
    let waiting = pending_decisions::withdraw(connection, tenants, records).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let (mut made, mut events) = (Vec::new(), Vec::new());
    for pending in by_record(waiting) {
        let decision = undecided(&pending, WhyHuman::NoStageDecided, "", now);
        events.push(decision.announce(&pending.cause(now), pending.record.clone()));
        events.extend(answers(&pending.asked, &decision, None, ReprocessOutcome::Changed, now));
        made.push(decision);
    }
    decisions::insert_of_machine(connection, &made).await?;
    records::give_to_machine(connection, tenants, &made).await?;
    app.outbox.append(connection, &events).await
}

/// Ends the wait of records that a person has decided; nothing that a machine would say of them counts any more.
pub(super) async fn end_waits(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Result<(), DbError> {
    let ended = pending_decisions::withdraw(connection, tenants, records).await?;
    if ended.values().all(|pending| pending.asked.is_empty()) {
        return Ok(());
    }
    let standing = records::standing(connection, tenants, &Vec::from_iter(ended.keys().copied())).await?;
    let now = app.clock.now();
    let mut events = Vec::new();
    for pending in by_record(ended) {
        if let Some(stands) = standing.get(&pending.record.record_id) {
            events.extend(answers(&pending.asked, &stands.current, Some(stands), ReprocessOutcome::Pinned, now));
        }
    }
    app.outbox.append(connection, &events).await
}

/// The answers to everybody who asked for the record to be decided anew.
pub(super) fn answers(
    asked: &[Asked],
    decision: &Decision,
    before: Option<&Standing>,
    outcome: ReprocessOutcome,
    at: DateTime,
) -> Vec<Event> {
    let last = before.map_or(0, |before| before.last_sequence);
    let sequence = decision.sequence.unwrap_or_default().max(last);
    let answer = |one: &Asked| {
        let reprocessed = reprocessed(one.operation_id, decision, before, outcome, sequence);
        Event::new(&one.cause(decision.tenant_id, at), SERVICE, &reprocessed)
    };
    asked.iter().map(answer).collect()
}

pub(super) fn reprocessed(
    operation_id: Option<OperationId>,
    decision: &Decision,
    before: Option<&Standing>,
    outcome: ReprocessOutcome,
    sequence: i32,
) -> Reprocessed {
    Reprocessed {
        record_id: decision.record_id,
        operation_id,
        outcome,
        decision_id: decision.id,
        previous_decision_id: before.map(|standing| standing.current.id).filter(|id| *id != decision.id),
        sequence,
        status: decision.status,
        label: decision.label.clone(),
        previous_status: before.map(|standing| standing.current.status),
        previous_label: before.and_then(|standing| standing.current.label.clone()),
    }
}

fn by_record(waiting: HashMap<RecordId, Pending>) -> Vec<Pending> {
    let mut all: Vec<Pending> = waiting.into_values().collect();
    all.sort_unstable_by_key(|pending| pending.record.record_id);
    all
}
