//! Decides records again by the rules of the present, or as an earlier decision did; never over a person.

use std::collections::{HashMap, HashSet};

use common::decision::Thresholds;
use common::event::{Cause, Event, ReprocessOutcome, ReprocessRequested, Reprocessed};
use common::{DecisionId, RecordId, TenantId};
use db::{Connection, DbError};

use super::decide_records::{Arrival, RulesOf, decide_records, rules_of};
use super::rounds::one_of_each;
use crate::app::App;
use crate::domain::decision::{Decision, SERVICE, decide};
use crate::store::records::Standing;
use crate::store::shadow_matches::{self, TrialOf};
use crate::store::{decisions, records};

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
    let unknown: Vec<Arrival> = requests
        .iter()
        .filter(|request| !standing.contains_key(&request.requested.record.record_id))
        .map(|request| Arrival { record: request.requested.record.clone(), cause: request.cause.clone() })
        .collect();
    let first: HashSet<RecordId> = unknown.iter().map(|arrival| arrival.record.record_id).collect();
    if !unknown.is_empty() {
        // The news of the record is still on its way; it will find it decided.
        decide_records(connection, app, tenants, unknown).await?;
        standing.extend(records::standing(connection, tenants, &Vec::from_iter(first.clone())).await?);
    }
    let said: Vec<_> = requests.iter().map(|request| &request.requested.record).collect();
    let now = requests.iter().map(|request| request.cause.at).max().unwrap_or_default();
    let changed = records::renormalize(connection, tenants, &said, now).await?;
    let done = decisions::existing(connection, tenants, &wanted(&requests, |request| Some(request.decision))).await?;
    let earlier =
        decisions::find_many(connection, tenants, &wanted(&requests, |request| request.requested.decision_id)).await?;
    let rules = rules_of(connection, app, tenants).await?;
    let (mut made, mut events, mut trials) = (Vec::new(), Vec::new(), Vec::new());
    for request in requests {
        let record = request.requested.record.record_id;
        let Some(now) = standing.get(&record) else { continue };
        if done.contains(&(record, request.decision)) {
            continue;
        }
        if first.contains(&record) {
            events.push(answer(&request, &now.current, None, ReprocessOutcome::Changed, now.last_sequence));
        } else if now.current.decided_by.is_some() {
            events.push(answer(&request, &now.current, Some(now), ReprocessOutcome::Pinned, now.last_sequence));
        } else if let Some(next) = redecide(&request, now, &rules, &earlier, &mut trials)
            .filter(|next| changed.contains(&record) || !next.is_as(&now.current))
        {
            // Whoever holds the record's words beside a decision hears the new ones with a new decision.
            let sequence = next.sequence.unwrap_or_default();
            events.push(next.announce(&request.cause, request.requested.record.clone()));
            events.push(answer(&request, &next, Some(now), ReprocessOutcome::Changed, sequence));
            made.push(next);
        } else {
            events.push(answer(&request, &now.current, Some(now), ReprocessOutcome::Unchanged, now.last_sequence));
        }
    }
    decisions::insert_of_machine(connection, &made).await?;
    records::give_to_machine(connection, tenants, &made).await?;
    shadow_matches::insert(connection, &trials).await?;
    app.outbox.append(connection, &events).await
}

fn wanted(requests: &[Request], id: impl Fn(&Request) -> Option<DecisionId>) -> Vec<(RecordId, DecisionId)> {
    requests.iter().filter_map(|request| Some((request.requested.record.record_id, id(request)?))).collect()
}

/// The earlier decision that is wished for, or what the rules of the present say.
pub(super) fn redecide(
    request: &Request,
    now: &Standing,
    rules: &RulesOf,
    earlier: &HashMap<(RecordId, DecisionId), Decision>,
    trials: &mut Vec<TrialOf>,
) -> Option<Decision> {
    let record = &request.requested.record;
    let sequence = now.last_sequence + 1;
    let wished = request.requested.decision_id.and_then(|id| earlier.get(&(record.record_id, id)));
    if let Some(wished) = wished.filter(|wished| wished.decided_by.is_none()) {
        return Some(wished.again(request.decision, sequence, request.cause.at));
    }
    let (head, rules) = rules.get(&request.cause.tenant_id)?;
    let thresholds = Thresholds { auto_accept: head.auto_accept_threshold, ..Thresholds::default() };
    let mut outcome = decide(rules.set(), head.rule_stage, record, thresholds);
    trials.extend(TrialOf::each(&request.cause, record.record_id, &mut outcome));
    let label = outcome.reasoning.rule.as_ref().and_then(|rule| rules.label_of(rule.id));
    let first = Decision::first(request.decision, record, &request.cause, outcome, label);
    Some(Decision { sequence: Some(sequence), ..first })
}

fn answer(
    request: &Request,
    decision: &Decision,
    before: Option<&Standing>,
    outcome: ReprocessOutcome,
    sequence: i32,
) -> Event {
    let reprocessed = Reprocessed {
        record_id: decision.record_id,
        operation_id: request.requested.operation_id,
        outcome,
        decision_id: decision.id,
        previous_decision_id: before.map(|standing| standing.current.id).filter(|id| *id != decision.id),
        sequence,
        status: decision.status,
        label: decision.label.clone(),
        previous_status: before.map(|standing| standing.current.status),
        previous_label: before.and_then(|standing| standing.current.label.clone()),
    };
    Event::new(&request.cause, SERVICE, &reprocessed)
}
