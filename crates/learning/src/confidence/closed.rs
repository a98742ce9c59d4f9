//! What is known of a decision once a person has looked at it.

use serde::{Deserialize, Serialize};

/// A decision with its outcome. Its scores are those *before* anything was learnt from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Log-odds of the label that was scored highest.
    pub score: f64,
    /// That label, as the model numbers it.
    pub label: u32,
    /// Whether the person agreed.
    pub correct: bool,
    /// How many decisions it stands for: one where people see all, 1 / rate where only a random part is audited.
    pub weight: f64,
}

/// Weighted counts of decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    weight: f64,
    squares: f64,
    errors: f64,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, closed: &Closed) {
        self.weight += closed.weight;
        self.squares += closed.weight * closed.weight;
        self.errors += if closed.correct { 0.0 } else { closed.weight };
    }

    /// How many equally weighted decisions would say as much: (Σw)² / Σw² (Kish 1965).
    pub fn effective(&self) -> f64 {
        if self.squares > 0.0 { self.weight * self.weight / self.squares } else { 0.0 }
    }

    /// The weighted share of errors; none without decisions.
    pub fn error_rate(&self) -> f64 {
        if self.weight > 0.0 { self.errors / self.weight } else { 0.0 }
    }
}

impl<'a> FromIterator<&'a Closed> for Tally {
    fn from_iter<I: IntoIterator<Item = &'a Closed>>(closed: I) -> Self {
        let mut tally = Self::default();
        closed.into_iter().for_each(|closed| tally.add(closed));
        tally
    }
}
