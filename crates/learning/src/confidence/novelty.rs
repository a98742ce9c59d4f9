//! Whether a record is like anything that was decided before.
//!
//! Three signs are added: the likeliest label's probability, the nearest decided record's similarity, and, twice, how much
//! of what the record hears comes from decided records in the end. The last one tells most: records of a new kind are near
//! each other, and nobody has decided any of them.

use serde::{Deserialize, Serialize};

use crate::model::Scored;
use crate::settled::settled;

/// The share of rightly labelled records that is taken for novel.
const TAKEN_FOR_NOVEL: f64 = 0.05;
/// Fewer right decisions than this say nothing of the usual.
const ENOUGH: usize = 20;

/// The gate before acceptance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Novelty {
    /// What a record must reach; none lets nothing pass.
    pub least: Option<f64>,
}

/// How known a record is: the higher, the more.
pub fn familiarity(scored: &Scored) -> f64 {
    let probability = scored.probabilities.get(scored.top as usize).copied().unwrap_or(0.0);
    settled(scored.similarity + probability + 2.0 * scored.reach)
}

impl Novelty {
    /// From the familiarity of decisions that were right: their fifth percentile.
    pub fn fit(right: &[f64]) -> Self {
        if right.len() < ENOUGH {
            return Self::default();
        }
        let mut sorted = right.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self { least: sorted.get((right.len() as f64 * TAKEN_FOR_NOVEL) as usize).copied() }
    }

    /// Whether nothing like the record was decided before.
    pub fn is_novel(&self, familiarity: f64) -> bool {
        self.least.is_none_or(|least| familiarity < least)
    }
}
