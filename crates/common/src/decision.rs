//! Decisions and their reasons, as receipts, events and records carry them.

mod embedding;
mod llm;

pub use embedding::{EmbeddingReasoning, Neighbour};
pub use llm::{ConfidenceFrom, LlmOutcome, LlmReasoning, LlmTokens};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::record::Stage;
use crate::{DecisionId, RuleId};

/// The rule, and the version of it, that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleRef {
    /// The rule.
    pub id: RuleId,
    /// The version in force at the time.
    pub version: i32,
    /// The rule's name at the time.
    pub name: String,
}

/// The limits in force when a decision was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Confidence (0 to 1) from which a machine's label is accepted without a person.
    pub auto_accept: f64,
    /// Share of accepted labels that may be wrong; what the score is proven for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_error_rate: Option<f64>,
    /// Score, in log-odds, from which similarity is proven to be right often enough; null while nothing is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// How known a record must be for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub familiarity: Option<f64>,
    /// The chance with which an accepted label is looked at by a person all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_rate: Option<f64>,
}

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyHuman {
    /// No step came to a label.
    NoStageDecided,
    /// The rule that matched asks for a review.
    RuleRequiresReview,
    /// A label was found, below the threshold.
    LowConfidence,
    /// Nothing like the record was decided before.
    Novel,
    /// Too few decisions of people, or too many contradicted ones, to prove any threshold.
    NoThreshold,
    /// The score is below the proven threshold.
    BelowThreshold,
    /// Another label is nearly as likely.
    Close,
    /// The likeliest label is not among the possible ones.
    Ambiguous,
    /// Audits found too many errors.
    Suspended,
    /// It was accepted, and drawn by chance to be looked at all the same.
    Audit,
    /// A stage that is switched on could not be tried.
    StageUnavailable,
    /// The language model was asked and chose no label.
    ModelAbstained,
    /// The language model did not answer.
    ModelUnavailable,
    /// The tenant's budget, or its plan's calls of a language model, are used up.
    OverBudget,
    /// The record may not be sent to a language model.
    NotSent,
}

/// What a decision rests on, short enough to travel with the record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reasoning {
    /// One sentence for people.
    pub summary: String,
    /// The rule that decided or proposed.
    #[serde(default)]
    pub rule: Option<RuleRef>,
    /// The rule set that was in force; the receipt expands it to each rule's outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set_version: Option<i64>,
    /// How many rules were tried.
    #[serde(default)]
    pub rules_evaluated: u32,
    /// The decided records most like this one, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbour>,
    /// The embedding stage's part, where it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingReasoning>,
    /// The language model's part, where it was to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<LlmReasoning>,
    /// The limits in force.
    pub thresholds: Thresholds,
    /// Why a person was asked; null when nobody was.
    #[serde(default)]
    pub why_human: Option<WhyHuman>,
}

/// What a machine came to, as proposed to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// The decision that proposes.
    pub decision_id: DecisionId,
    /// The label's name; null when no step came to one.
    pub label: Option<String>,
    /// The step that came to it.
    pub stage: Stage,
    /// Probability that the label is right, 0 to 1; null when unknown.
    pub confidence: Option<f64>,
    /// What it rests on.
    pub reasoning: Reasoning,
}

/// A label that was considered, with its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The label's name.
    pub label: String,
    /// Score from 0 to 1; comparable within one decision only.
    pub score: f64,
}
