//! Verdicts on records, and which of two stands: a person's before a machine's, then the later one.

use std::cmp::Ordering;
use std::collections::HashMap;

use common::event::{ApprovalOutcome, Approved, Classified, DecodeError, Event, ReviewRequested};
use common::record::{RecordStatus, Stage};
use common::{DateTime, DecisionId, RecordId, TenantId};

/// A record's state as an event tells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) record_id: RecordId,
    pub(crate) tenant_id: TenantId,
    pub(crate) status: RecordStatus,
    pub(crate) label: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) confidence: Option<f64>,
    /// JSON text.
    pub(crate) reasoning: String,
    pub(crate) decision_id: DecisionId,
    pub(crate) authority: Authority,
    /// The person's decision that it takes the place of, although a machine made it.
    pub(crate) withdraws: Option<DecisionId>,
    pub(crate) decided_at: DateTime,
    /// Who decided, as JSON text.
    pub(crate) actor: String,
}

/// Who decided, and its place among the decisions of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Authority {
    /// A machine's decision of that sequence.
    Machine(i32),
    /// A person's, at that time.
    Human(DateTime),
}

impl Verdict {
    /// The verdict in an event; `None` when it tells of none.
    ///
    /// # Errors
    /// When the event's data is unreadable.
    pub(crate) fn of(event: &Event) -> Result<Option<Self>, DecodeError> {
        Ok(Some(if event.is::<Classified>() {
            classified(event, event.decode()?)
        } else if event.is::<ReviewRequested>() {
            review_requested(event, event.decode()?)
        } else if event.is::<Approved>() {
            approved(event, event.decode()?)
        } else {
            return Ok(None);
        }))
    }

    fn outranks(&self, other: &Self) -> bool {
        if self.withdraws == Some(other.decision_id) || other.withdraws == Some(self.decision_id) {
            return self.withdraws.is_some();
        }
        self.authority.cmp(&other.authority) == Ordering::Greater
    }
}

/// The one verdict of a batch that stands for each record, in the order of the records' ids so that two
/// batches lock rows in the same order.
pub(crate) fn strongest(verdicts: impl IntoIterator<Item = Verdict>) -> Vec<Verdict> {
    let mut best: HashMap<RecordId, Verdict> = HashMap::new();
    for verdict in verdicts {
        match best.entry(verdict.record_id) {
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(verdict);
            }
            std::collections::hash_map::Entry::Occupied(mut slot) => {
                if verdict.outranks(slot.get()) {
                    slot.insert(verdict);
                }
            }
        }
    }
    let mut verdicts: Vec<Verdict> = best.into_values().collect();
    verdicts.sort_unstable_by_key(|verdict| verdict.record_id);
    verdicts
}

fn classified(event: &Event, data: Classified) -> Verdict {
    Verdict {
        record_id: data.record_id,
        tenant_id: event.tenant_id,
        status: RecordStatus::Classified,
        label: Some(data.label),
        stage: data.stage,
        confidence: Some(data.confidence),
        reasoning: to_json(&data.reasoning),
        decision_id: data.decision_id,
        authority: Authority::Machine(data.sequence),
        withdraws: data.withdraws,
        decided_at: event.occurred_at,
        actor: to_json(&event.actor),
    }
}

fn review_requested(event: &Event, data: ReviewRequested) -> Verdict {
    let proposal = data.proposal;
    Verdict {
        record_id: data.record.record_id,
        tenant_id: event.tenant_id,
        status: RecordStatus::PendingReview,
        label: proposal.label,
        stage: proposal.stage,
        confidence: proposal.confidence,
        reasoning: to_json(&proposal.reasoning),
        decision_id: proposal.decision_id,
        authority: Authority::Machine(data.sequence),
        withdraws: data.withdraws,
        decided_at: event.occurred_at,
        actor: to_json(&event.actor),
    }
}

fn approved(event: &Event, data: Approved) -> Verdict {
    let who = event.actor.name.as_deref().unwrap_or("a person");
    let proposed = data.proposal.label.as_deref().unwrap_or("no label");
    let (status, summary) = match data.outcome {
        ApprovalOutcome::Approve => {
            (RecordStatus::Approved, format!("{who} approved the proposed label {:?}.", data.label))
        }
        ApprovalOutcome::Override => {
            (RecordStatus::Overridden, format!("{who} chose {:?}; the machine had proposed {proposed:?}.", data.label))
        }
    };
    let mut reasoning = data.proposal.reasoning;
    reasoning.summary = summary;
    Verdict {
        record_id: data.record.record_id,
        tenant_id: event.tenant_id,
        status,
        label: Some(data.label),
        stage: Stage::Human,
        confidence: Some(1.0),
        reasoning: to_json(&reasoning),
        decision_id: data.decision_id,
        authority: Authority::Human(data.decided_at),
        withdraws: None,
        decided_at: data.decided_at,
        actor: to_json(&event.actor),
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("reasonings and actors are plain JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};

    #[test]
    fn people_outrank_machines_and_later_outranks_earlier() {
        let now = SystemClock.now();
        let earlier = now - chrono::Duration::seconds(1);
        let ranked = [
            Authority::Machine(1),
            Authority::Machine(2),
            Authority::Machine(i32::MAX),
            Authority::Human(earlier),
            Authority::Human(now),
        ];
        assert!(ranked.is_sorted());
    }
}
