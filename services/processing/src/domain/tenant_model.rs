//! A tenant's fitted model: the head, what it inferred of undecided records, and the thresholds in force.

use std::collections::HashMap;

use common::{DateTime, LabelId, RecordId};
use learning::{Inferred, Model, Shares};
use serde::{Deserialize, Serialize};

use super::policy::TenantPolicy;

/// One version of it; never changed once made.
#[derive(Clone, Debug)]
pub(crate) struct TenantModel {
    pub(crate) version: i64,
    pub(crate) embedding_model: String,
    /// What it was fitted to.
    pub(crate) memory_version: i64,
    pub(crate) exemplars: i32,
    /// The labels by their numbers.
    pub(crate) labels: Vec<LabelId>,
    /// The latest change of any of them.
    pub(crate) labels_changed_at: Option<DateTime>,
    pub(crate) head: Model,
    pub(crate) inferred: Vec<InferredOf>,
    pub(crate) policy: TenantPolicy,
    pub(crate) fitted_at: DateTime,
}

/// What was inferred of an undecided record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InferredOf {
    pub(crate) record: RecordId,
    shares: Shares,
    reach: f32,
}

impl InferredOf {
    /// What a memory inferred of the record, if anything.
    pub(crate) fn of(record: RecordId, inferred: &Inferred) -> Self {
        Self { record, shares: inferred.shares.clone(), reach: inferred.reach }
    }
}

impl TenantModel {
    /// The number of a label; none when the label is newer than the model.
    pub(crate) fn number_of(&self, label: LabelId) -> Option<u32> {
        self.labels.iter().position(|known| *known == label).map(|place| place as u32)
    }

    /// The label of a number.
    pub(crate) fn label_of(&self, number: u32) -> Option<LabelId> {
        self.labels.get(number as usize).copied()
    }

    /// What was inferred, in the form that a memory takes.
    pub(crate) fn inferred(&self) -> HashMap<uuid::Uuid, Inferred> {
        let inferred = |one: &InferredOf| Inferred { shares: one.shares.clone(), reach: one.reach };
        self.inferred.iter().map(|one| (one.record.0, inferred(one))).collect()
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        // The head's weights are its own secret; a word or a dimension of a label is a float.
        self.labels.len() * 2 * 4_096 + self.inferred.len() * 160
    }
}
