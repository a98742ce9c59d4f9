//! Events of rules and labels.

use serde::{Deserialize, Serialize};

use super::{EventData, EventType, Subject};
use crate::rule::{RuleOrigin, RuleStatus};
use crate::{LabelId, RuleId, RuleProposalId, ValueListId};

/// A rule as it stands after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleState {
    /// The rule.
    pub rule_id: RuleId,
    /// Its version; each change makes a new one.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub condition: String,
    /// The name of its label.
    pub label: String,
    /// The lowest number wins.
    pub priority: i32,
    /// Whether it decides.
    pub status: RuleStatus,
    /// Whether a person confirms what it matches.
    pub requires_review: bool,
    /// Where it came from.
    pub origin: RuleOrigin,
}

/// A rule was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleCreated {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleState,
}

/// A rule was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleUpdated {
    /// The rule after the change.
    #[serde(flatten)]
    pub rule: RuleState,
    /// The rule before it.
    pub before: RuleState,
}

/// A rule was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleDeleted {
    /// The rule.
    pub rule_id: RuleId,
    /// Its last name.
    pub name: String,
    /// Its last version.
    pub version: i32,
}

/// A proposed rule was dismissed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleProposalDismissed {
    /// The proposal.
    pub proposal_id: RuleProposalId,
    /// The condition that was proposed.
    pub condition: String,
    /// The name of the label that it would have given.
    pub label: String,
}

/// A value list was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueListCreated {
    /// The list.
    pub list_id: ValueListId,
    /// Its name.
    pub name: String,
    /// How many values it has.
    pub values: usize,
    /// Its version.
    pub version: i32,
}

/// A value list was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueListUpdated {
    /// The list.
    pub list_id: ValueListId,
    /// Its name after the change.
    pub name: String,
    /// Its name before it.
    pub previous_name: String,
    /// How many values came.
    pub added: usize,
    /// How many went.
    pub removed: usize,
    /// How many values it has.
    pub values: usize,
    /// Its version.
    pub version: i32,
}

/// A value list was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueListDeleted {
    /// The list.
    pub list_id: ValueListId,
    /// Its last name.
    pub name: String,
    /// Its last version.
    pub version: i32,
}

/// A label was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelCreated {
    /// The label.
    pub label_id: LabelId,
    /// Its name.
    pub name: String,
    /// What belongs to it, in a sentence.
    pub description: String,
    /// Its version.
    pub version: i32,
}

/// A label was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelUpdated {
    /// The label.
    pub label_id: LabelId,
    /// Its name after the change.
    pub name: String,
    /// Its name before it.
    pub previous_name: String,
    /// What belongs to it, in a sentence.
    pub description: String,
    /// Its version.
    pub version: i32,
}

/// A label was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelDeleted {
    /// The label.
    pub label_id: LabelId,
    /// Its last name.
    pub name: String,
    /// Its last version.
    pub version: i32,
}

macro_rules! subject {
    ($data:ident, $kind:ident, $noun:literal, |$this:ident| $id:expr) => {
        impl EventData for $data {
            const TYPE: EventType = EventType::$kind;
            fn subject(&self) -> Subject {
                let $this = self;
                Subject::new($noun, $id)
            }
        }
    };
}
pub(super) use subject;

subject!(RuleCreated, RuleCreated, "rule", |e| e.rule.rule_id);
subject!(RuleUpdated, RuleUpdated, "rule", |e| e.rule.rule_id);
subject!(RuleDeleted, RuleDeleted, "rule", |e| e.rule_id);
subject!(RuleProposalDismissed, RuleProposalDismissed, "rule_proposal", |e| e.proposal_id);
subject!(ValueListCreated, ValueListCreated, "value_list", |e| e.list_id);
subject!(ValueListUpdated, ValueListUpdated, "value_list", |e| e.list_id);
subject!(ValueListDeleted, ValueListDeleted, "value_list", |e| e.list_id);
subject!(LabelCreated, LabelCreated, "label", |e| e.label_id);
subject!(LabelUpdated, LabelUpdated, "label", |e| e.label_id);
subject!(LabelDeleted, LabelDeleted, "label", |e| e.label_id);
