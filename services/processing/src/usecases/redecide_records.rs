//! Decides records again by the rules of the present, or as an earlier decision did; never over a person.

use std::collections::{HashMap, HashSet};

use common::decision::Thresholds;
use common::event::{Cause, Event, ReprocessOutcome, ReprocessRequested};
use common::{DecisionId, RecordId, TenantId};
use db::{Connection, DbError};

use super::decide_records::{Arrival, RulesOf, decide_records, rules_of};
use super::learn_from_people::forget_texts;
use super::rounds::one_of_each;
use super::settle_pending::{answers, reprocessed};
use crate::app::App;
use crate::domain::decision::{Decision, SERVICE, StoredReceipt, decide};
use crate::domain::pending::{Asked, Pending};
use crate::store::records::Standing;
use crate::store::shadow_matches::{self, TrialOf};
use crate::store::{decisions, pending_decisions, records};

/// A record that is to be decided again.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) cause: Cause,
    pub(crate) requested: ReprocessRequested,
    /// The id that a new decision will have.
    pub(crate) decision: DecisionId,
}

/// Decides the records again. What comes out the same on the same grounds makes no new decision. Every request is
/// answered by `REPROCESSED`; one that was carried out before is passed over.
pub(crate) async fn redecide_records(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    requests: Vec<Request>,
) -> Result<(), DbError> {
    for round in one_of_each(requests, |request| request.requested.record.record_id) {
        redecide_each_once(connection, app, tenants, round).await?;
    }
    Ok(())
}

async fn redecide_each_once(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    requests: Vec<Request>,
) -> Result<(), DbError> {
    let ids: Vec<RecordId> = requests.iter().map(|request| request.requested.record.record_id).collect();
    records::lock(connection, tenants, &ids).await?;
    let mut standing = records::standing(connection, tenants, &ids).await?;
    let waiting = pending_decisions::find(connection, tenants, &ids).await?;
    let unknown: Vec<Arrival> = requests
        .iter()
        .filter(|request| !standing.contains_key(&request.requested.record.record_id))
        .filter(|request| !waiting.contains_key(&request.requested.record.record_id))
        .map(|request| Arrival { record: request.requested.record.clone(), cause: request.cause.clone() })
        .collect();
    let first: HashSet<RecordId> = unknown.iter().map(|arrival| arrival.record.record_id).collect();
    if !unknown.is_empty() {
        // The news of the record is still on its way; it will find it decided.
        decide_records(connection, app, tenants, unknown).await?;
        standing.extend(records::standing(connection, tenants, &Vec::from_iter(first.clone())).await?);
    }
    let waiting = pending_decisions::find(connection, tenants, &ids).await?;
    let said: Vec<_> = requests.iter().map(|request| &request.requested.record).collect();
    let now = requests.iter().map(|request| request.cause.at).max().unwrap_or_default();
    let changed = records::renormalize(connection, tenants, &said, now).await?;
    forget_texts(connection, app, tenants, &Vec::from_iter(changed.clone())).await?;
    let done = decisions::existing(connection, tenants, &wanted(&requests, |request| Some(request.decision))).await?;
    let earlier =
        decisions::find_many(connection, tenants, &wanted(&requests, |request| request.requested.decision_id)).await?;
    let rules = rules_of(connection, app, tenants).await?;
    let (mut made, mut events, mut trials) = (Vec::new(), Vec::new(), Vec::new());
    let (mut pending, mut decided) = (Vec::new(), Vec::new());
    for request in requests {
        let record = request.requested.record.record_id;
        if done.contains(&(record, request.decision)) {
            continue;
        }
        let (now, before) = (standing.get(&record), waiting.get(&record));
        if let Some(now) = now.filter(|now| now.current.decided_by.is_some()) {
            events.push(answer(&request, &now.current, Some(now), ReprocessOutcome::Pinned, now.last_sequence));
            continue;
        }
        if let Some(now) = now.filter(|_| first.contains(&record)) {
            events.push(answer(&request, &now.current, None, ReprocessOutcome::Changed, now.last_sequence));
            continue;
        }
        let sequence = match (now, before) {
            (Some(now), _) => now.last_sequence + 1,
            (None, Some(before)) => before.sequence,
            (None, None) => continue,
        };
        match redecide(&request, sequence, app, (&rules, &earlier), &mut trials) {
            None => {}
            Some(Redecided::Later(receipt)) => {
                pending.push(wait(&request, *receipt, sequence, before, changed.contains(&record)));
            }
            Some(Redecided::Now(next)) => {
                decided.push(record);
                let asked = before.map(|before| before.asked.as_slice()).unwrap_or_default();
                let stands = now.filter(|now| !changed.contains(&record) && next.is_as(&now.current));
                if let Some(now) = stands {
                    events.push(answer(
                        &request,
                        &now.current,
                        Some(now),
                        ReprocessOutcome::Unchanged,
                        now.last_sequence,
                    ));
                    events.extend(answers(
                        asked,
                        &now.current,
                        Some(now),
                        ReprocessOutcome::Unchanged,
                        request.cause.at,
                    ));
                    continue;
                }
                // Whoever holds the record's words beside a decision hears the new ones with a new decision.
                let cause = &request.cause;
                events.push(next.announce(cause, request.requested.record.clone()));
                events.push(answer(&request, &next, now, ReprocessOutcome::Changed, sequence));
                events.extend(answers(asked, &next, now, ReprocessOutcome::Changed, cause.at));
                made.push(*next);
            }
        }
    }
    decisions::insert_of_machine(connection, &made).await?;
    records::give_to_machine(connection, tenants, &made).await?;
    pending_decisions::withdraw(connection, tenants, &decided).await?;
    app.cascade.put(connection, &pending).await?;
    shadow_matches::insert(connection, &trials).await?;
    app.outbox.append(connection, &events).await
}

/// The wait for the later stages, with what the record waited for before.
pub(super) fn wait(
    request: &Request,
    receipt: StoredReceipt,
    sequence: i32,
    before: Option<&Pending>,
    is_new_text: bool,
) -> Pending {
    let mut asked = before.map(|before| before.asked.clone()).unwrap_or_default();
    if !asked.iter().any(|one| one.request == request.decision) {
        asked.push(Asked {
            request: request.decision,
            operation_id: request.requested.operation_id,
            traceparent: request.cause.trace.to_string(),
            is_new_text,
        });
    }
    Pending {
        tenant: request.cause.tenant_id,
        record: request.requested.record.clone(),
        decision: before.map_or(request.decision, |before| before.decision),
        sequence,
        receipt,
        trace: request.cause.trace,
        asked,
        queued_at: request.cause.at,
    }
}

fn wanted(requests: &[Request], id: impl Fn(&Request) -> Option<DecisionId>) -> Vec<(RecordId, DecisionId)> {
    requests.iter().filter_map(|request| Some((request.requested.record.record_id, id(request)?))).collect()
}

/// What deciding again comes to.
pub(super) enum Redecided {
    /// This.
    Now(Box<Decision>),
    /// What later stages make of this.
    Later(Box<StoredReceipt>),
}

/// The earlier decision that is wished for, or what the rules of the present say.
pub(super) fn redecide(
    request: &Request,
    sequence: i32,
    app: &App,
    (rules, earlier): (&RulesOf, &HashMap<(RecordId, DecisionId), Decision>),
    trials: &mut Vec<TrialOf>,
) -> Option<Redecided> {
    let record = &request.requested.record;
    let wished = request.requested.decision_id.and_then(|id| earlier.get(&(record.record_id, id)));
    if let Some(wished) = wished.filter(|wished| wished.decided_by.is_none()) {
        return Some(Redecided::Now(Box::new(wished.again(request.decision, sequence, request.cause.at))));
    }
    let (head, rules) = rules.get(&request.cause.tenant_id)?;
    let thresholds = Thresholds { auto_accept: head.auto_accept_threshold, ..Thresholds::default() };
    let mut outcome = decide(rules.set(), head.rule_stage, record, thresholds);
    trials.extend(TrialOf::each(&request.cause, record.record_id, &mut outcome));
    if app.leave_to_later_stages(head, &mut outcome) {
        let receipt = StoredReceipt::of_rules_outcome(outcome.reasoning, outcome.receipt.errors);
        return Some(Redecided::Later(Box::new(receipt)));
    }
    let label = outcome.reasoning.rule.as_ref().and_then(|rule| rules.label_of(rule.id));
    let first = Decision::first(request.decision, record, &request.cause, outcome, label);
    Some(Redecided::Now(Box::new(Decision { sequence: Some(sequence), ..first })))
}

fn answer(
    request: &Request,
    decision: &Decision,
    before: Option<&Standing>,
    outcome: ReprocessOutcome,
    sequence: i32,
) -> Event {
    let reprocessed = reprocessed(request.requested.operation_id, decision, before, outcome, sequence);
    Event::new(&request.cause, SERVICE, &reprocessed)
}
