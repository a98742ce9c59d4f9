//! From which score on a decision stands without a person.
//!
//! Candidates are tried from the highest score down, each against the exact upper bound of its error rate; the first that
//! fails ends the row (fixed-sequence testing, Bauer 1991; "learn then test", Angelopoulos et al. 2021). So the bound holds
//! for the threshold that is chosen, though many were tried. A row that begins with few decisions is ended by one early
//! error, one that begins with many proves nothing for small data: several rows start at different counts and share the
//! permitted probability (Bonferroni).

use serde::{Deserialize, Serialize};

use super::beta::{least_without_errors, upper_bound};
use super::closed::{Closed, Tally};
use crate::settled::settled;

/// Rows begin with this many times the fewest decisions that could pass.
const ROWS: [f64; 3] = [1.0, 3.0, 10.0];
/// The highest number of candidates a row tries.
const CANDIDATES: usize = 49;

/// What a tenant allows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The highest share of errors among what is accepted without a person.
    pub error_rate: f64,
    /// How sure one must be of that, 0.9 as a rule.
    pub confidence: f64,
}

/// A threshold in force.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Threshold {
    /// The lowest score, in log-odds, that is accepted; none accepts nothing.
    pub score: Option<f64>,
    /// What it rests on.
    pub evidence: Evidence,
}

/// What is known of the decisions at or above a threshold; of all decisions when there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// How many equally weighted decisions it is worth.
    pub decisions: f64,
    /// The share of errors among them.
    pub error_rate: f64,
    /// The rate's upper bound at the target's confidence.
    pub upper_bound: f64,
    /// The share of all closed decisions that are at or above.
    pub coverage: f64,
    /// The fewest decisions, without an error, that could make a threshold.
    pub needed: f64,
}

impl Threshold {
    /// Nothing is accepted, and nothing is known.
    pub fn closed(target: Target) -> Self {
        Self { score: None, evidence: evidence(&Tally::default(), 0.0, target) }
    }

    /// The lowest score whose error rate is proven to be within the target.
    pub fn fit(closed: &[Closed], target: Target) -> Self {
        let mut sorted: Vec<Closed> =
            closed.iter().filter(|closed| closed.weight > 0.0 && !closed.score.is_nan()).copied().collect();
        sorted.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.label.cmp(&b.label)).then(a.correct.cmp(&b.correct)));
        let steps = steps(&sorted);
        let confidence = row_confidence(target);
        let needed = Self::needed(target);
        let passes = |step: &&Step| within(&step.tally, target.error_rate, confidence);
        let lowest = ROWS
            .iter()
            .filter_map(|times| candidates(&steps, times * needed).iter().take_while(passes).last().copied())
            .min_by(|a, b| a.score.total_cmp(&b.score));
        let all = steps.last().map(|step| step.tally).unwrap_or_default();
        let tally = lowest.map_or(all, |step| step.tally);
        let coverage = lowest.map_or(0.0, |step| step.counted as f64 / sorted.len() as f64);
        Self { score: lowest.map(|step| step.score), evidence: evidence(&tally, coverage, target) }
    }

    /// The fewest decisions, without an error, that can make a threshold.
    pub fn needed(target: Target) -> f64 {
        least_without_errors(target.error_rate, row_confidence(target))
    }

    /// Whether a decision of this score is accepted.
    pub fn accepts(&self, score: f64) -> bool {
        self.score.is_some_and(|threshold| score >= threshold)
    }
}

/// All decisions with at least this score.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    tally: Tally,
    counted: usize,
}

// Equal scores are one step: a threshold cannot divide them.
fn steps(sorted: &[Closed]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut tally = Tally::default();
    for (index, closed) in sorted.iter().enumerate() {
        tally.add(closed);
        let step = Step { score: closed.score, tally, counted: index + 1 };
        match steps.last_mut() {
            Some(last) if last.score.total_cmp(&step.score).is_eq() => *last = step,
            _ => steps.push(step),
        }
    }
    steps
}

// Where a row begins and how it goes on depends on counts only, never on outcomes: that keeps the bound exact.
fn candidates(steps: &[Step], start: f64) -> Vec<Step> {
    let rest: Vec<Step> = steps.iter().filter(|step| step.tally.effective() >= start).copied().collect();
    let stride = rest.len().div_ceil(CANDIDATES).max(1);
    let mut chosen: Vec<Step> = rest.iter().step_by(stride).copied().collect();
    if let (Some(last), Some(chosen_last)) = (rest.last(), chosen.last())
        && last.score < chosen_last.score
    {
        chosen.push(*last);
    }
    chosen
}

fn row_confidence(target: Target) -> f64 {
    1.0 - (1.0 - target.confidence) / ROWS.len() as f64
}

fn within(tally: &Tally, rate: f64, confidence: f64) -> bool {
    let n = tally.effective();
    upper_bound(tally.error_rate() * n, n, confidence) <= rate
}

fn evidence(tally: &Tally, coverage: f64, target: Target) -> Evidence {
    let decisions = tally.effective();
    let bound = upper_bound(tally.error_rate() * decisions, decisions, row_confidence(target));
    Evidence {
        decisions: settled(decisions),
        error_rate: settled(tally.error_rate()),
        upper_bound: settled(bound),
        coverage: settled(coverage),
        needed: Threshold::needed(target),
    }
}
