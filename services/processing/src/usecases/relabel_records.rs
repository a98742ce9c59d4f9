//! People's decisions that an operation carries to many records at once, and the taking back of them.
//!
//! Such a decision is dated when the operation was asked for, so that whatever another person decides after that
//! stands, in whatever order the news of the two arrives.

use std::collections::{HashMap, HashSet};

use common::decision::{Proposal, WhyHuman};
use common::event::{
    ApprovalOutcome, Approved, Cause, Event, RelabelRequested, RelabelWish, ReprocessOutcome, ReprocessRequested,
    Reprocessed,
};
use common::record::RecordStatus;
use common::{DecisionId, RecordId, TenantId};
use db::{Connection, DbError};

use super::decide_records::{Arrival, RulesOf, decide_records, rules_of};
use super::learn_from_people::learn_from_people;
use super::redecide_records::{Redecided, Request, redecide, wait};
use super::rounds::one_of_each;
use super::settle_pending::{end_waits, settle_at_once};
use crate::app::App;
use crate::domain::decision::{Decision, SERVICE};
use crate::domain::model_answer::refuted;
use crate::domain::similarity::undecided;
use crate::store::records::Standing;
use crate::store::shadow_matches::{self, TrialOf};
use crate::store::{decisions, labels, model_answers, records};

/// A record that a person gives a label.
#[derive(Clone, Debug)]
pub(crate) struct Relabelling {
    /// The person acts, not the service.
    pub(crate) cause: Cause,
    pub(crate) requested: RelabelRequested,
    /// The id that a new decision will have.
    pub(crate) decision: DecisionId,
}

/// What a request comes to.
enum Outcome {
    /// Nothing, for this reason.
    None(ReprocessOutcome),
    /// The person's decision, and how others are told.
    OfPerson(Box<(Decision, Event)>),
    /// A machine's decision in place of the person's that is taken back.
    OfMachine(Box<Decision>),
}

/// What is known of the records and labels of a round.
struct Known {
    standing: HashMap<RecordId, Standing>,
    earlier: HashMap<(RecordId, DecisionId), Decision>,
    labels: HashSet<(TenantId, String)>,
    rules: RulesOf,
}

/// Makes the decisions. Every request is answered by `REPROCESSED`; one that was carried out before is passed over.
pub(crate) async fn relabel_records(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    requests: Vec<Relabelling>,
) -> Result<(), DbError> {
    for round in one_of_each(requests, |request| request.requested.record.record_id) {
        relabel_each_once(connection, app, tenants, round).await?;
    }
    Ok(())
}

async fn relabel_each_once(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    requests: Vec<Relabelling>,
) -> Result<(), DbError> {
    let known = know(connection, app, tenants, &requests).await?;
    let wanted: Vec<_> = requests.iter().map(|one| (one.requested.record.record_id, one.decision)).collect();
    let done = decisions::existing(connection, tenants, &wanted).await?;
    let (mut people, mut machines, mut events) = (Vec::new(), Vec::new(), Vec::new());
    let (mut trials, mut wrong) = (Vec::new(), Vec::new());
    for request in requests {
        let record = request.requested.record.record_id;
        let Some(now) = known.standing.get(&record) else { continue };
        if done.contains(&(record, request.decision)) {
            continue;
        }
        match outcome(app, &request, now, &known, &mut trials) {
            Outcome::None(outcome) => events.push(answer(&request, now, &now.current, outcome)),
            Outcome::OfPerson(made) => {
                let (decision, told) = *made;
                let asked = now.current.receipt.reasoning.llm.as_ref();
                wrong.extend(
                    decision.label.as_deref().and_then(|label| Some((decision.tenant_id, refuted(asked, label)?))),
                );
                events.extend([told, answer(&request, now, &decision, ReprocessOutcome::Changed)]);
                people.push(decision);
            }
            Outcome::OfMachine(decision) => {
                let told = decision.announce_in_place(&request.cause, request.requested.record.clone(), now.current.id);
                events.extend([told, answer(&request, now, &decision, ReprocessOutcome::Changed)]);
                machines.push(*decision);
            }
        }
    }
    decisions::insert_of_people(connection, &people).await?;
    let standing: Vec<_> = people.iter().map(|decision| (decision.record_id, decision.id)).collect();
    records::give_to_people(connection, tenants, &standing).await?;
    decisions::insert_of_machine(connection, &machines).await?;
    records::give_to_machine(connection, tenants, &machines).await?;
    let changed: Vec<RecordId> = people.iter().chain(&machines).map(|decision| decision.record_id).collect();
    end_waits(connection, app, tenants, &changed).await?;
    learn_from_people(connection, app, tenants, &changed).await?;
    shadow_matches::insert(connection, &trials).await?;
    model_answers::forget(connection, &wrong).await?;
    app.outbox.append(connection, &events).await
}

/// Locks the records and reads what their decisions will rest on.
async fn know(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    requests: &[Relabelling],
) -> Result<Known, DbError> {
    let ids: Vec<RecordId> = requests.iter().map(|one| one.requested.record.record_id).collect();
    records::lock(connection, tenants, &ids).await?;
    let mut standing = records::standing(connection, tenants, &ids).await?;
    let unknown: Vec<Arrival> = requests
        .iter()
        .filter(|one| !standing.contains_key(&one.requested.record.record_id))
        .map(|one| {
            let cause = Cause { actor: common::Actor::service(SERVICE), ..one.cause.clone() };
            Arrival { record: one.requested.record.clone(), cause }
        })
        .collect();
    if !unknown.is_empty() {
        // The news of the record is still on its way; it will find it decided.
        let ids: Vec<RecordId> = unknown.iter().map(|arrival| arrival.record.record_id).collect();
        decide_records(connection, app, tenants, unknown).await?;
        standing.extend(records::standing(connection, tenants, &ids).await?);
        // One that still waits for a later stage has no decision that could be proposed, or gone back to.
        let waiting: Vec<RecordId> = ids.into_iter().filter(|id| !standing.contains_key(id)).collect();
        settle_at_once(connection, app, tenants, &waiting).await?;
        standing.extend(records::standing(connection, tenants, &waiting).await?);
    }
    let (mut before, mut names) = (Vec::new(), HashSet::new());
    for one in requests {
        match &one.requested.wish {
            RelabelWish::Label { label } => drop(names.insert((one.cause.tenant_id, label.clone()))),
            RelabelWish::Undo { before: id, .. } => {
                before.extend(id.map(|id| (one.requested.record.record_id, id)));
            }
        }
    }
    Ok(Known {
        standing,
        earlier: decisions::find_many(connection, tenants, &before).await?,
        labels: labels::existing(connection, &names).await?,
        rules: rules_of(connection, app, tenants).await?,
    })
}

fn outcome(app: &App, request: &Relabelling, now: &Standing, known: &Known, trials: &mut Vec<TrialOf>) -> Outcome {
    let current = &now.current;
    match &request.requested.wish {
        RelabelWish::Label { label } => {
            if !known.labels.contains(&(request.cause.tenant_id, label.clone())) {
                return Outcome::None(ReprocessOutcome::UnknownLabel);
            }
            if current.decided_by.is_some() && current.decided_at > request.requested.asked_at {
                return Outcome::None(ReprocessOutcome::Pinned);
            }
            let is_same = current.label.as_ref() == Some(label);
            if is_same && current.status != RecordStatus::PendingReview {
                return Outcome::None(ReprocessOutcome::Unchanged);
            }
            let outcome = if is_same { ApprovalOutcome::Approve } else { ApprovalOutcome::Override };
            of_person(request, current, (outcome, label.clone()))
        }
        RelabelWish::Undo { decision_id, .. } if *decision_id != current.id => Outcome::None(ReprocessOutcome::Pinned),
        RelabelWish::Undo { before, .. } => undone(app, request, now, (*before, known), trials),
    }
}

/// The person's decision on the record, with the one that stood as what was proposed.
fn of_person(request: &Relabelling, current: &Decision, (outcome, label): (ApprovalOutcome, String)) -> Outcome {
    let RelabelRequested { record, asked_at, .. } = &request.requested;
    let approved = Approved {
        approval_id: None,
        was_pending: current.status == RecordStatus::PendingReview,
        decision_id: request.decision,
        outcome,
        label,
        proposal: Proposal {
            decision_id: current.id,
            label: current.label.clone(),
            stage: current.stage,
            confidence: current.confidence,
            reasoning: current.receipt.reasoning.clone(),
        },
        record: record.clone(),
        comment: None,
        rule_id: None,
        requested_at: *asked_at,
        decided_at: *asked_at,
    };
    let decision = Decision::of_person(request.cause.tenant_id, request.cause.actor.clone(), &approved);
    Outcome::OfPerson(Box::new((decision, Event::new(&request.cause, SERVICE, &approved))))
}

/// The decision before, made anew; by the rules of the present where there was none.
fn undone(
    app: &App,
    request: &Relabelling,
    now: &Standing,
    (before, known): (Option<DecisionId>, &Known),
    trials: &mut Vec<TrialOf>,
) -> Outcome {
    let record = &request.requested.record;
    let earlier = before.and_then(|id| known.earlier.get(&(record.record_id, id)));
    if let Some(Decision { decided_by: Some(_), label: Some(label), status, .. }) = earlier {
        let outcome = match status {
            RecordStatus::Approved => ApprovalOutcome::Approve,
            _ => ApprovalOutcome::Override,
        };
        return of_person(request, &now.current, (outcome, label.clone()));
    }
    let again = Request {
        cause: request.cause.clone(),
        requested: ReprocessRequested { record: record.clone(), operation_id: None, decision_id: before },
        decision: request.decision,
    };
    let sequence = now.last_sequence + 1;
    match redecide(&again, sequence, app, (&known.rules, &known.earlier), trials) {
        Some(Redecided::Now(decision)) => Outcome::OfMachine(decision),
        // What is taken back is gone at once; nobody waits for a later stage to see it go.
        Some(Redecided::Later(receipt)) => {
            let pending = wait(&again, *receipt, sequence, None, false);
            Outcome::OfMachine(Box::new(undecided(&pending, WhyHuman::NoStageDecided, "", again.cause.at)))
        }
        None => Outcome::None(ReprocessOutcome::Unchanged),
    }
}

fn answer(request: &Relabelling, before: &Standing, now: &Decision, outcome: ReprocessOutcome) -> Event {
    let reprocessed = Reprocessed {
        record_id: now.record_id,
        operation_id: Some(request.requested.operation_id),
        outcome,
        decision_id: now.id,
        previous_decision_id: Some(before.current.id).filter(|id| *id != now.id),
        sequence: now.sequence.unwrap_or_default().max(before.last_sequence),
        status: now.status,
        label: now.label.clone(),
        previous_status: Some(before.current.status),
        previous_label: before.current.label.clone(),
    };
    let cause = Cause { actor: common::Actor::service(SERVICE), ..request.cause.clone() };
    Event::new(&cause, SERVICE, &reprocessed)
}
