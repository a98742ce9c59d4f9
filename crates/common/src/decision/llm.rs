//! The language model's part of a receipt: what was asked, what came of it and what it cost. No word of a prompt or of
//! an answer is in here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::DateTime;

/// What a language model contributed to a decision, or why it did not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LlmReasoning {
    /// What came of the question.
    pub outcome: LlmOutcome,
    /// The model that was asked for.
    pub model: String,
    /// The label that it chose; null when it chose none.
    #[serde(default)]
    pub label: Option<String>,
    /// How sure it was, 0 to 1, uncalibrated; null when the endpoint does not tell.
    #[serde(default)]
    pub probability: Option<f64>,
    /// The probability from which its label stood by itself; null while none is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts_from: Option<f64>,
    /// What speaks for the label; null when there is none.
    #[serde(default)]
    pub confidence_from: Option<ConfidenceFrom>,
    /// Why there is no label, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The endpoint's name in the installation's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The model that says it answered: an alias stands for changing ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    /// The provider's mark of the model's build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Of the prompt's words and form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_version: Option<String>,
    /// SHA-256 of the prompt, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// Of the labels that were offered, with their descriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_set_version: Option<String>,
    /// What the answer is kept under, so that a correction can make it forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_key: Option<String>,
    /// How many calls were answered.
    #[serde(default)]
    pub calls: u32,
    /// Their tokens.
    #[serde(default)]
    pub tokens: LlmTokens,
    /// What was spent for this decision; nothing when the answer was cached.
    #[serde(default)]
    pub cost: String,
    /// ISO 4217 code of the cost.
    #[serde(default)]
    pub currency: String,
    /// Whether the answer is one that was given before.
    #[serde(default)]
    pub cached: bool,
    /// When it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime>,
}

/// What came of a question to a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LlmOutcome {
    /// It chose a label.
    Decided,
    /// It answered and chose none.
    Abstained,
    /// It did not answer.
    Unavailable,
    /// There was no money, or no call, left for it.
    OverBudget,
    /// The record may not leave.
    NotSent,
}

/// What speaks for a model's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfidenceFrom {
    /// The probabilities of the tokens that spell the label's id.
    Probability,
    /// Asked twice, with the labels in another order, it chose the same.
    Agreement,
}

/// Tokens of one or more calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LlmTokens {
    /// Of the prompt.
    pub prompt: u64,
    /// Of the prompt, those that the provider had cached.
    pub cached_prompt: u64,
    /// Of the answer.
    pub completion: u64,
    /// Whether they were counted here, because the endpoint does not say.
    pub counted: bool,
}
