//! What the model said of a record, kept until a person says what it is.

use common::{DateTime, DecisionId, LabelId, RecordId, TenantId};
use learning::{Closed, Outcome};

/// A record's score at the time when it was decided, before anything was learnt from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScoredDecision {
    pub(crate) record: RecordId,
    pub(crate) decision: DecisionId,
    pub(crate) tenant: TenantId,
    pub(crate) embedding_model: String,
    pub(crate) model_version: i64,
    pub(crate) memory_version: i64,
    /// The likeliest label.
    pub(crate) label: LabelId,
    /// Its log-odds.
    pub(crate) score: f64,
    /// The calibrated probability that it is right.
    pub(crate) confidence: f64,
    pub(crate) margin: f64,
    pub(crate) similarity: f64,
    pub(crate) familiarity: f64,
    /// The likeliest labels with their uncalibrated probabilities.
    pub(crate) candidates: Vec<(LabelId, f64)>,
    /// Whether it was good enough to stand without a person.
    pub(crate) is_accepted: bool,
    /// Whether a person was to look at it all the same.
    pub(crate) is_audited: bool,
    /// The chance that a person would look at it.
    pub(crate) propensity: f64,
    pub(crate) scored_at: DateTime,
}

/// The same once a person has decided the record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClosedDecision {
    pub(crate) scored: ScoredDecision,
    /// The label that the person gave.
    pub(crate) truth: LabelId,
}

impl ClosedDecision {
    /// Whether the person agreed.
    pub(crate) fn is_right(&self) -> bool {
        self.scored.label == self.truth
    }

    /// How many decisions it stands for: all that were accepted and not drawn for an audit are like those that were.
    pub(crate) fn weight(&self) -> f64 {
        if self.scored.is_accepted { self.scored.propensity.recip() } else { 1.0 }
    }

    /// How likely the right label was said to be; nothing when it was not among the candidates.
    pub(crate) fn probability_of_truth(&self) -> f64 {
        let found = self.scored.candidates.iter().find(|(label, _)| *label == self.truth);
        found.map_or(0.0, |(_, probability)| *probability)
    }

    /// In the form that thresholds are proven with; none when one of the labels is gone.
    pub(crate) fn outcome(&self, number: impl Fn(LabelId) -> Option<u32>) -> Option<Outcome> {
        let (label, truth) = (number(self.scored.label)?, number(self.truth)?);
        let closed = Closed { score: self.scored.score, label, correct: self.is_right(), weight: self.weight() };
        let (familiarity, truth_probability) = (self.scored.familiarity, self.probability_of_truth());
        Some(Outcome { closed, familiarity, truth, truth_probability })
    }
}
