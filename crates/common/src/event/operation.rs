//! Events of acts on records: archive, restore, decide again, one at a time or many.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, RecordSnapshot, Subject};
use crate::record::RecordStatus;
use crate::{DateTime, DecisionId, OperationId, RecordId};

/// A record was archived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordArchived {
    /// The record.
    pub record_id: RecordId,
    /// The operation that it was a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
}

/// An archived record was brought back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordRestored {
    /// The record.
    pub record_id: RecordId,
    /// Its status from now on.
    pub status: RecordStatus,
    /// The operation that it was a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
}

/// A record's raw form was taken away for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordRawExpunged {
    /// The record.
    pub record_id: RecordId,
    /// The days that the tenant keeps raw forms, where their end is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<i32>,
}

/// A record is to be decided again, unless a person decided it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReprocessRequested {
    /// The record, so that it can be decided by who has not heard of it yet.
    #[serde(flatten)]
    pub record: RecordSnapshot,
    /// The operation that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
    /// The earlier decision to go back to, in place of the present rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_id: Option<DecisionId>,
}

/// A person gives a record a label, or takes back that they did, by an operation. Processing makes the decision, as of
/// the time when the operation was asked for, and answers by [`Reprocessed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelabelRequested {
    /// The record.
    #[serde(flatten)]
    pub record: RecordSnapshot,
    /// The operation that it is a part of.
    pub operation_id: OperationId,
    /// When the operation was asked for: what a person decided later stays.
    pub asked_at: DateTime,
    /// What is asked for.
    pub wish: RelabelWish,
}

/// Which label a record is given by an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", tag = "kind")]
pub enum RelabelWish {
    /// This one.
    Label {
        /// The label's name when it was asked for.
        label: String,
    },
    /// The one that stood before an operation gave another.
    Undo {
        /// The decision that the operation made; only while it stands is anything undone.
        decision_id: DecisionId,
        /// The decision that stood before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<DecisionId>,
    },
}

/// What deciding again came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReprocessOutcome {
    /// There is a new decision.
    Changed,
    /// The present rules say the same on the same grounds, so the decision stands.
    Unchanged,
    /// A person decided it, so nothing was done.
    Pinned,
    /// The label that was asked for does not exist, so nothing was done.
    UnknownLabel,
}

/// A record was decided again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reprocessed {
    /// The record.
    pub record_id: RecordId,
    /// The operation that it was a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
    /// What it came to.
    pub outcome: ReprocessOutcome,
    /// The decision that stands now.
    pub decision_id: DecisionId,
    /// The decision that stood before, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_decision_id: Option<DecisionId>,
    /// The sequence of the record's latest machine decision.
    pub sequence: i32,
    /// The record's status by that decision.
    pub status: RecordStatus,
    /// Its label.
    pub label: Option<String>,
    /// The status before; none when the record had not been decided.
    pub previous_status: Option<RecordStatus>,
    /// The label before.
    pub previous_label: Option<String>,
}

/// An act on many records was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationStarted {
    /// The operation.
    pub operation_id: OperationId,
    /// `archive`, `restore`, `reprocess`, `relabel` or `revert`.
    pub action: String,
    /// The label that the records are to have, of a `relabel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How many records it is about.
    pub matched: i32,
    /// The operation that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<OperationId>,
}

/// An act on many records is not gone on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationCancelled {
    /// The operation.
    pub operation_id: OperationId,
    /// `archive`, `restore`, `reprocess`, `relabel` or `revert`.
    pub action: String,
    /// How many records it leaves as they are.
    pub cancelled: i32,
}

/// An act on many records came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationCompleted {
    /// The operation.
    pub operation_id: OperationId,
    /// `archive`, `restore`, `reprocess`, `relabel` or `revert`.
    pub action: String,
    /// How many records it changed.
    pub changed: i32,
    /// How many came out the same.
    pub unchanged: i32,
    /// How many did not allow it.
    pub skipped: i32,
    /// How many it left alone because a person had changed them since.
    pub conflicts: i32,
    /// How many nobody answered for.
    #[serde(default)]
    pub failed: i32,
    /// How many it was cancelled before.
    #[serde(default)]
    pub cancelled: i32,
}

subject!(RecordArchived, RecordArchived, "record", |e| e.record_id);
subject!(RecordRestored, RecordRestored, "record", |e| e.record_id);
subject!(RecordRawExpunged, RecordRawExpunged, "record", |e| e.record_id);
subject!(ReprocessRequested, ReprocessRequested, "record", |e| e.record.record_id);
subject!(RelabelRequested, RelabelRequested, "record", |e| e.record.record_id);
subject!(Reprocessed, Reprocessed, "record", |e| e.record_id);
subject!(OperationStarted, OperationStarted, "operation", |e| e.operation_id);
subject!(OperationCancelled, OperationCancelled, "operation", |e| e.operation_id);
subject!(OperationCompleted, OperationCompleted, "operation", |e| e.operation_id);
