//! A question and the steps that it can take: claim, release, answer.

use common::decision::{Candidate, Proposal};
use common::event::{ApprovalOutcome, RecordSnapshot};
use common::{Actor, ApprovalId, DateTime, DecisionId, Identity, RuleId};

use super::{Action, ApprovalStatus, Lease};

/// A question put to a person about one record.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) id: ApprovalId,
    /// Counts the record's machine decisions from 1.
    pub(crate) sequence: i32,
    pub(crate) status: ApprovalStatus,
    pub(crate) proposal: Proposal,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) record: RecordSnapshot,
    /// The last claim, which may be void by now.
    pub(crate) lease: Option<Lease>,
    pub(crate) answer: Option<Answer>,
    pub(crate) requested_at: DateTime,
    pub(crate) version: i32,
}

/// A person's answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) by: Actor,
    pub(crate) at: DateTime,
    pub(crate) outcome: ApprovalOutcome,
    pub(crate) label: String,
    pub(crate) comment: Option<String>,
    /// The rule that was asked for along with it.
    pub(crate) rule_id: Option<RuleId>,
    pub(crate) decision_id: DecisionId,
}

/// Why a question cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the question was answered before")]
    Decided(Box<Answer>),
    #[error("a newer question took the place of this one")]
    Replaced,
    #[error("somebody else holds the lease")]
    Claimed(Lease),
}

impl Approval {
    /// The lease that holds now.
    pub(crate) fn current_lease(&self, now: DateTime) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.holds(now))
    }

    /// Refuses unless the question is open and nobody else holds it.
    pub(crate) fn require_open_to(&self, identity: &Identity, now: DateTime) -> Result<(), Refusal> {
        if let Some(answer) = &self.answer {
            return Err(Refusal::Decided(Box::new(answer.clone())));
        }
        if self.status != ApprovalStatus::Pending {
            return Err(Refusal::Replaced);
        }
        match self.current_lease(now) {
            Some(lease) if lease.holder != identity.principal.id() => Err(Refusal::Claimed(lease.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// Begins or renews the caller's lease, once [`Self::require_open_to`] allowed it.
    pub(crate) fn claim(&mut self, identity: &Identity, now: DateTime) -> Action {
        let action = if self.current_lease(now).is_some() { Action::Renewed } else { Action::Claimed };
        self.lease = Some(Lease::begin(identity, now));
        self.version += 1;
        action
    }

    /// Ends the caller's lease, once [`Self::require_open_to`] allowed it; `None` when there was none.
    pub(crate) fn release(&mut self, now: DateTime) -> Option<Action> {
        let held = self.current_lease(now).is_some();
        self.lease = None;
        held.then(|| {
            self.version += 1;
            Action::Released
        })
    }

    /// Takes the answer, once [`Self::require_open_to`] allowed it.
    pub(crate) fn decide(&mut self, answer: Answer) -> Action {
        let action = match answer.outcome {
            ApprovalOutcome::Approve => Action::Approved,
            ApprovalOutcome::Override => Action::Overridden,
        };
        self.status = ApprovalStatus::after(answer.outcome);
        self.lease = None;
        self.answer = Some(answer);
        self.version += 1;
        action
    }
}

#[cfg(test)]
mod tests;
