//! What a decision by similarity rests on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RecordId;

/// A decided record that is like the one in question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Neighbour {
    /// The decided record.
    pub record_id: RecordId,
    /// The label that a person gave it.
    pub label: String,
    /// Cosine of the two texts' vectors: 1 for the same text.
    pub similarity: f64,
}

/// The embedding stage's part in a decision. With the same versions, the same text comes to the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmbeddingReasoning {
    /// The model that made the vectors.
    pub model_id: String,
    /// The tenant's fitted model and thresholds.
    pub version: i64,
    /// Its head's weights.
    pub head_version: String,
    /// What the tenant's memory had learnt by then.
    pub memory_version: i64,
    /// Log-odds of the likeliest label, before calibration.
    pub score: f64,
    /// How much likelier it is than the next.
    pub margin: f64,
    /// How known the record is; the higher, the more.
    pub familiarity: f64,
    /// The labels that are possible.
    pub possible: Vec<String>,
}
