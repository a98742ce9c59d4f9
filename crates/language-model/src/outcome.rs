//! What came of a question.

use std::ops::Add;

use common::DateTime;
use serde::{Deserialize, Serialize};

use crate::answer::Abstention;
use crate::budget::{Exhausted, NoCalls};
use crate::confidence::Confidence;
use crate::error::{NoAnswer, Unavailable};
use crate::price::Micros;
use crate::sendable::NotAllowed;

/// Tokens of one or more calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// Of the prompt.
    pub prompt: u64,
    /// Of the prompt, those that the provider had cached.
    pub cached_prompt: u64,
    /// Of the answer.
    pub completion: u64,
    /// Whether they were counted here because the endpoint does not say.
    pub is_counted: bool,
}

impl Add for Tokens {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.saturating_add(other.prompt),
            cached_prompt: self.cached_prompt.saturating_add(other.cached_prompt),
            completion: self.completion.saturating_add(other.completion),
            is_counted: self.is_counted || other.is_counted,
        }
    }
}

/// Where an answer is from and what it cost, for the receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The endpoint's name in the settings.
    pub endpoint: String,
    /// The model that was asked for.
    pub model: String,
    /// The model that says it answered, where the endpoint tells: an alias stands for changing ones.
    pub served_by: Option<String>,
    /// The provider's mark of the model's build.
    pub fingerprint: Option<String>,
    /// Of the prompt's words and form.
    pub prompt_version: String,
    /// SHA-256 of the prompt without the fence's random mark.
    pub prompt_hash: String,
    /// Of the labels that were offered.
    pub label_set_version: String,
    /// How many calls were answered.
    pub calls: u32,
    /// Their tokens.
    pub tokens: Tokens,
    /// What was spent for this question; nothing when the answer was cached.
    pub cost: Micros,
    /// Whether the answer is one that was given before.
    pub is_cached: bool,
    /// When it was given.
    pub answered_at: DateTime,
}

impl Provenance {
    /// The same answer once more: it costs nothing.
    pub(crate) fn again(self) -> Self {
        Self { cost: Micros::ZERO, is_cached: true, ..self }
    }
}

/// A label chosen by a model. It is a proposal: what becomes of it is the caller's to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The label's name.
    pub label: String,
    /// What speaks for it.
    pub confidence: Confidence,
    /// Where it is from.
    pub provenance: Provenance,
}

/// What came of a question. Only the first decides; with each of the others a person is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A label was chosen.
    Decided(Decision),
    /// The model answered and has not decided.
    Abstained {
        /// Why.
        why: Abstention,
        /// Where it is from.
        provenance: Provenance,
    },
    /// No answer.
    Unavailable(Unavailable),
    /// The tenant's budget does not cover the question.
    OverBudget(Exhausted),
    /// The tenant's plan has no calls left.
    NoCalls(NoCalls),
    /// The record may not leave.
    NotAllowed(NotAllowed),
}

impl From<NotAllowed> for Outcome {
    fn from(why: NotAllowed) -> Self {
        Self::NotAllowed(why)
    }
}

impl From<NoAnswer> for Outcome {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Unavailable(reason) => Self::Unavailable(reason),
            NoAnswer::OverBudget(exhausted) => Self::OverBudget(exhausted),
            NoAnswer::NoCalls(none) => Self::NoCalls(none),
        }
    }
}

impl Outcome {
    pub(crate) fn again(self) -> Self {
        match self {
            Self::Decided(decision) => Self::Decided(Decision { provenance: decision.provenance.again(), ..decision }),
            Self::Abstained { why, provenance } => Self::Abstained { why, provenance: provenance.again() },
            other => other,
        }
    }
}
