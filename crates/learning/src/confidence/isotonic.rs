//! Isotonic regression by pooling adjacent violators (Ayer et al. 1955; as calibration: Zadrozny & Elkan 2002).

use serde::{Deserialize, Serialize};

use super::closed::Closed;
use crate::settled::settled;

/// A rising line through pooled decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Isotonic {
    /// Mean score and share of correct ones of each pool, rising in both.
    points: Vec<(f64, f64)>,
}

struct Pool {
    score: f64,
    correct: f64,
    weight: f64,
}

impl Isotonic {
    pub(super) fn fit(closed: &[Closed]) -> Self {
        let mut sorted: Vec<&Closed> = closed.iter().filter(|closed| closed.score.is_finite()).collect();
        sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
        let mut pools: Vec<Pool> = Vec::new();
        for one in sorted {
            let correct = if one.correct { one.weight } else { 0.0 };
            pools.push(Pool { score: one.score * one.weight, correct, weight: one.weight });
            while let [.., before, last] = pools.as_slice()
                && before.correct * last.weight >= last.correct * before.weight
            {
                merge(&mut pools);
            }
        }
        // Half a decision of each outcome keeps a pool from claiming certainty.
        let point =
            |pool: &Pool| (settled(pool.score / pool.weight), settled((pool.correct + 0.5) / (pool.weight + 1.0)));
        let mut points: Vec<(f64, f64)> = pools.iter().filter(|pool| pool.weight > 0.0).map(point).collect();
        let mut highest = 0.0_f64;
        for point in &mut points {
            highest = highest.max(point.1);
            point.1 = highest;
        }
        Self { points }
    }

    /// The line's height at a score; flat beyond its ends. None without points.
    pub(super) fn at(&self, score: f64) -> Option<f64> {
        let next = self.points.partition_point(|point| point.0 <= score);
        let before = next.checked_sub(1).and_then(|index| self.points.get(index));
        match (before, self.points.get(next)) {
            (Some(low), Some(high)) => Some(low.1 + (high.1 - low.1) * (score - low.0) / (high.0 - low.0)),
            (Some(only), None) | (None, Some(only)) => Some(only.1),
            (None, None) => None,
        }
    }
}

fn merge(pools: &mut Vec<Pool>) {
    if let (Some(last), Some(before)) = (pools.pop(), pools.last_mut()) {
        before.score += last.score;
        before.correct += last.correct;
        before.weight += last.weight;
    }
}
