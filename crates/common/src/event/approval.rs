//! Events of people's decisions.

use serde::{Deserialize, Serialize};

use super::{EventData, EventType, RecordSnapshot, Subject};
use crate::decision::Proposal;
use crate::rule::RuleStatus;
use crate::{ApprovalId, DateTime, DecisionId, LabelId, RuleId};

/// Whether a person agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalOutcome {
    /// The proposal stands.
    Approve,
    /// The person chose another label, or the first one.
    Override,
}

/// A person decided a record; carries all that a learner needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approved {
    /// The question that was answered; none when the person decided without being asked, by an operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
    /// Whether the record was waiting for a person.
    #[serde(default = "yes")]
    pub was_pending: bool,
    /// The person's decision.
    pub decision_id: DecisionId,
    /// Agreement or not.
    pub outcome: ApprovalOutcome,
    /// The label's name that now stands.
    pub label: String,
    /// What the machine had proposed.
    pub proposal: Proposal,
    /// The record as the person saw it.
    pub record: RecordSnapshot,
    /// What the person wrote.
    pub comment: Option<String>,
    /// The rule that the override asked for.
    pub rule_id: Option<RuleId>,
    /// When the question was put.
    pub requested_at: DateTime,
    /// When it was answered.
    pub decided_at: DateTime,
}

const fn yes() -> bool {
    true
}

/// An override asked for a rule; processing makes it under the given id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleRequested {
    /// The id that the rule shall have; the override's answer names it.
    pub rule_id: RuleId,
    /// The override.
    pub approval_id: ApprovalId,
    /// The rule's name; processing makes it unique where it is taken.
    pub name: String,
    /// The condition, checked already.
    pub condition: String,
    /// The label, whatever its name is by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_id: Option<LabelId>,
    /// The label's name when it was chosen.
    pub label: String,
    /// The lowest number wins.
    pub priority: i32,
    /// Whether it decides at once.
    pub status: RuleStatus,
}

impl EventData for Approved {
    const TYPE: EventType = EventType::Approved;
    fn subject(&self) -> Subject {
        Subject::new("record", self.record.record_id)
    }
}

impl EventData for RuleRequested {
    const TYPE: EventType = EventType::RuleRequested;
    fn subject(&self) -> Subject {
        Subject::new("rule", self.rule_id)
    }
}
