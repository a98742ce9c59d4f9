//! What is asked: a record, the labels it may get, examples, and which model answers.

use std::collections::HashSet;
use std::sync::Arc;

use common::TenantId;
use serde::{Deserialize, Serialize};

use crate::capabilities::Capabilities;
use crate::sendable::Sendable;

/// Most labels of one question: ids have three digits.
const MAX_LABELS: usize = 999;
/// Most examples of one question.
const MAX_EXAMPLES: usize = 50;

/// A label that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// Its name, which is also what the decision says.
    pub name: String,
    /// The tenant's own words for when it applies; may be empty.
    #[serde(default)]
    pub description: String,
}

/// A closed set of labels, in an order that is part of the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSet {
    /// Changes whenever a label or the policy does; answers are cached by it.
    pub version: String,
    /// The labels.
    pub labels: Vec<Label>,
    /// What else the tenant's people go by; may be empty.
    #[serde(default)]
    pub policy: String,
}

/// A record that was decided before, shown to the model with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its content.
    pub content: Sendable,
    /// Its label, one of the set.
    pub label: String,
}

/// Which model answers, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelChoice {
    /// The provider's name for it.
    pub model: String,
    /// What it can do: see [`crate::LanguageModel::probe`].
    pub capabilities: Capabilities,
}

/// One question, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub(crate) tenant: TenantId,
    pub(crate) choice: ModelChoice,
    pub(crate) labels: Arc<LabelSet>,
    pub(crate) content: Sendable,
    pub(crate) examples: Vec<Example>,
}

/// A question that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// There is nothing to choose from.
    #[error("there is no label to choose; create labels first")]
    NoLabels,
    /// More labels than ids.
    #[error("{0} labels are too many for one question; at most {MAX_LABELS}. Offer the nearest ones only")]
    TooManyLabels(usize),
    /// A name twice.
    #[error("the label {0:?} is there twice")]
    DuplicateLabel(String),
    /// More examples than help.
    #[error("{0} examples are too many; at most {MAX_EXAMPLES}")]
    TooManyExamples(usize),
    /// An example of a label that is not offered.
    #[error("an example has the label {0:?}, which is not offered")]
    UnknownExampleLabel(String),
}

impl Question {
    /// A question about one record. Examples come in the order given, the most similar best last.
    ///
    /// # Errors
    /// When the labels or the examples cannot be used.
    pub fn new(
        tenant: TenantId,
        choice: ModelChoice,
        labels: Arc<LabelSet>,
        content: Sendable,
        examples: Vec<Example>,
    ) -> Result<Self, QuestionError> {
        let mut names = HashSet::with_capacity(labels.labels.len());
        match labels.labels.len() {
            0 => return Err(QuestionError::NoLabels),
            count if count > MAX_LABELS => return Err(QuestionError::TooManyLabels(count)),
            _ => {}
        }
        if let Some(twice) = labels.labels.iter().find(|label| !names.insert(label.name.as_str())) {
            return Err(QuestionError::DuplicateLabel(twice.name.clone()));
        }
        if examples.len() > MAX_EXAMPLES {
            return Err(QuestionError::TooManyExamples(examples.len()));
        }
        if let Some(example) = examples.iter().find(|example| !names.contains(example.label.as_str())) {
            return Err(QuestionError::UnknownExampleLabel(example.label.clone()));
        }
        Ok(Self { tenant, choice, labels, content, examples })
    }
}
