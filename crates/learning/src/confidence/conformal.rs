//! Which labels a record may have: sets that hold the right one with a stated probability.
//!
//! Split conformal prediction with one minus the label's probability as the score (LAC, Sadinle et al. 2019), by label where
//! a label has enough closed decisions (Mondrian, Vovk et al. 2005).

use serde::{Deserialize, Serialize};

use crate::settled::settled;

/// A label's own quantile is used from this many closed decisions on.
pub const OWN_FROM: usize = 30;

/// How much probability a label must have to be possible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conformal {
    /// The probability that the right label is missing from a set.
    pub miss_rate: f64,
    overall: f64,
    by_label: Vec<Option<f64>>,
}

impl Conformal {
    /// From the probability that each closed decision's *right* label was given, with that label, of `labels` in all.
    pub fn fit(truths: &[(u32, f64)], labels: usize, miss_rate: f64) -> Self {
        let all = truths.iter().map(|(_, probability)| strangeness(*probability)).collect();
        let own = |label: u32| {
            let scores: Vec<f64> =
                truths.iter().filter(|truth| truth.0 == label).map(|truth| strangeness(truth.1)).collect();
            (scores.len() >= OWN_FROM).then(|| quantile(scores, miss_rate))
        };
        Self { miss_rate, overall: quantile(all, miss_rate), by_label: (0..labels as u32).map(own).collect() }
    }

    /// The labels that are possible, the likeliest first; with little data all of them.
    pub fn set(&self, probabilities: &[f64]) -> Vec<u32> {
        let possible = |label: &u32| {
            let label = *label as usize;
            let most = self.by_label.get(label).copied().flatten().unwrap_or(self.overall);
            strangeness(probabilities[label]) <= most
        };
        let mut set: Vec<u32> = (0..probabilities.len() as u32).filter(possible).collect();
        set.sort_by(|a, b| probabilities[*b as usize].total_cmp(&probabilities[*a as usize]).then(a.cmp(b)));
        set
    }
}

fn strangeness(probability: f64) -> f64 {
    settled(1.0 - probability)
}

// The ⌈(n + 1)(1 - α)⌉-th smallest; without so many, everything is possible.
fn quantile(mut scores: Vec<f64>, miss_rate: f64) -> f64 {
    scores.sort_by(f64::total_cmp);
    let rank = libm::ceil((scores.len() as f64 + 1.0) * (1.0 - miss_rate)) as usize;
    rank.checked_sub(1).and_then(|index| scores.get(index)).copied().unwrap_or(1.0)
}
