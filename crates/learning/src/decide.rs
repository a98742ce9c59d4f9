//! What becomes of a scored record: accepted, asked of a language model, or asked of a person.

use serde::{Deserialize, Serialize};

use crate::confidence::Standing;
use crate::confidence::novelty::familiarity;
use crate::model::Scored;
use crate::policy::Policy;

/// A set of more labels than this narrows nothing down.
const NARROW: usize = 5;
/// How many candidates a decision names.
const CANDIDATES: usize = 5;

/// Who decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The label stands.
    Accept,
    /// A language model chooses among these labels; none means all.
    AskModel(Vec<u32>),
    /// A person decides.
    AskPerson,
}

/// Why a label does not stand by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing like it was decided before.
    Novel,
    /// No threshold is proven yet.
    NoThreshold,
    /// The score is below the threshold.
    BelowThreshold,
    /// Another label is nearly as likely.
    Close,
    /// Several labels are possible, or none.
    Ambiguous,
    /// Audits found too many errors for this label.
    Suspended,
}

/// A decision with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The likeliest label.
    pub label: u32,
    /// The calibrated probability that it is right.
    pub confidence: f64,
    /// The likeliest labels with their uncalibrated probabilities.
    pub candidates: Vec<(u32, f64)>,
    /// The labels that are possible.
    pub possible: Vec<u32>,
    /// How known the record is.
    pub familiarity: f64,
    /// Who decides.
    pub route: Route,
    /// Why it does not stand, when it does not.
    pub reason: Option<Reason>,
}

/// Decides a scored record.
pub fn decide(scored: &Scored, policy: &Policy) -> Decision {
    let familiarity = familiarity(scored);
    let possible = policy.conformal.set(&scored.probabilities);
    let reason = reason(scored, policy, familiarity, &possible);
    let route = match reason {
        None => Route::Accept,
        Some(_) if !policy.model_stage => Route::AskPerson,
        Some(Reason::Novel) => Route::AskModel(Vec::new()),
        Some(_) if (2..=NARROW).contains(&possible.len()) => Route::AskModel(possible.clone()),
        Some(_) => Route::AskModel(Vec::new()),
    };
    Decision {
        label: scored.top,
        confidence: policy.calibrator.probability(scored.score),
        candidates: candidates(&scored.probabilities),
        possible,
        familiarity,
        route,
        reason,
    }
}

fn reason(scored: &Scored, policy: &Policy, familiarity: f64, possible: &[u32]) -> Option<Reason> {
    let threshold = policy.threshold_of(scored.top);
    if policy.standing.get(&scored.top) == Some(&Standing::Suspended) {
        return Some(Reason::Suspended);
    }
    if threshold.score.is_none() {
        return Some(Reason::NoThreshold);
    }
    if policy.novelty.is_novel(familiarity) {
        return Some(Reason::Novel);
    }
    if !threshold.accepts(scored.score) {
        return Some(Reason::BelowThreshold);
    }
    if scored.margin < policy.least_margin {
        return Some(Reason::Close);
    }
    // The threshold is proven on its own; a set of several labels that the score overrides is no contradiction, a set
    // without the label is.
    if !possible.contains(&scored.top) {
        return Some(Reason::Ambiguous);
    }
    None
}

fn candidates(probabilities: &[f64]) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f64)> = (0..).zip(probabilities.iter().copied()).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(CANDIDATES);
    all
}
