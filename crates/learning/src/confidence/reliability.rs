//! Whether what was said with 80 % confidence is right four times in five.

use serde::{Deserialize, Serialize};

/// One row of a reliability table: decisions of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bin {
    /// The lowest confidence in it.
    pub from: f64,
    /// The highest.
    pub to: f64,
    /// How many decisions.
    pub decisions: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share that was right.
    pub accuracy: f64,
}

/// A reliability table with its summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reliability {
    /// Rows of equally many decisions, the least confident first.
    pub bins: Vec<Bin>,
    /// Expected calibration error: the mean distance of accuracy from confidence (Naeini et al. 2015), on these bins.
    pub expected_error: f64,
    /// The mean squared distance of confidence from outcome (Brier 1950).
    pub brier: f64,
}

impl Reliability {
    /// The table of `(confidence, right)` pairs in at most `bins` rows.
    pub fn of(decisions: &[(f64, bool)], bins: usize) -> Self {
        if decisions.is_empty() {
            return Self::default();
        }
        let mut sorted = decisions.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let total = sorted.len() as f64;
        let bins: Vec<Bin> = sorted.chunks(sorted.len().div_ceil(bins.max(1))).map(bin).collect();
        let expected_error =
            bins.iter().map(|bin| bin.decisions as f64 / total * (bin.accuracy - bin.confidence).abs()).sum();
        let brier = sorted.iter().map(|(confidence, right)| squared(confidence - share(*right))).sum::<f64>() / total;
        Self { bins, expected_error, brier }
    }
}

fn bin(decisions: &[(f64, bool)]) -> Bin {
    let count = decisions.len() as f64;
    Bin {
        from: decisions[0].0,
        to: decisions[decisions.len() - 1].0,
        decisions: decisions.len(),
        confidence: decisions.iter().map(|decision| decision.0).sum::<f64>() / count,
        accuracy: decisions.iter().map(|decision| share(decision.1)).sum::<f64>() / count,
    }
}

fn share(right: bool) -> f64 {
    if right { 1.0 } else { 0.0 }
}

fn squared(x: f64) -> f64 {
    x * x
}
