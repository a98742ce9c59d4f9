//! From a score to the probability of being right.
//!
//! The more closed decisions there are, the freer the map: one parameter (temperature, Guo et al. 2017), then three (beta
//! calibration, Kull et al. 2017), then a free rising line (isotonic). Each is drawn towards the map of all tenants with
//! weight 200 / (n + 200), so that a new tenant begins with what others know. Every map rises with the score.

use serde::{Deserialize, Serialize};

use super::closed::Closed;
use super::isotonic::Isotonic;
use super::logistic::{self, Observed, sigmoid};
use crate::settled::settled;

/// Beta calibration from this many closed decisions on.
pub const BETA_FROM: usize = 200;
/// Isotonic regression from this many on.
pub const ISOTONIC_FROM: usize = 1_000;
/// How many decisions the map of all tenants is worth.
const PRIOR: f64 = 200.0;

/// The kind of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The score as it is.
    Identity,
    /// One factor on the log-odds.
    Temperature,
    /// A factor for each end, and an offset.
    Beta,
    /// A free rising line.
    Isotonic,
}

/// A calibration map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrator {
    method: Method,
    decisions: usize,
    low: f64,
    high: f64,
    offset: f64,
    line: Option<Isotonic>,
}

impl Default for Calibrator {
    fn default() -> Self {
        Self { method: Method::Identity, decisions: 0, low: 1.0, high: 1.0, offset: 0.0, line: None }
    }
}

impl Calibrator {
    /// The map for these decisions, drawn towards `all`, the map of all tenants.
    pub fn fit(closed: &[Closed], all: &Self) -> Self {
        let usable: Vec<Closed> =
            closed.iter().filter(|closed| closed.score.is_finite() && closed.weight > 0.0).copied().collect();
        let decisions = usable.len();
        let own = decisions as f64 / (decisions as f64 + PRIOR);
        if decisions == 0 {
            return all.clone();
        }
        let (method, [low, high, offset]) = if decisions < BETA_FROM {
            (Method::Temperature, temperature(&usable))
        } else {
            (Method::Beta, beta(&usable))
        };
        let between = |own_value: f64, all_value: f64| settled(own * own_value + (1.0 - own) * all_value);
        let map = Self {
            method,
            decisions,
            low: between(low, all.low),
            high: between(high, all.high),
            offset: between(offset, all.offset),
            line: None,
        };
        if decisions < ISOTONIC_FROM {
            return map;
        }
        Self { method: Method::Isotonic, line: Some(Isotonic::fit(&usable)), ..map }
    }

    /// The probability that a decision of this score is right.
    pub fn probability(&self, score: f64) -> f64 {
        let smooth = sigmoid(self.low * ln_sigmoid(score) - self.high * ln_sigmoid(-score) + self.offset);
        let own = self.decisions as f64 / (self.decisions as f64 + PRIOR);
        match self.line.as_ref().and_then(|line| line.at(score)) {
            Some(height) => own * height + (1.0 - own) * smooth,
            None => smooth,
        }
    }

    /// The kind of map that the number of decisions allowed.
    pub fn method(&self) -> Method {
        self.method
    }

    /// How many closed decisions it rests on.
    pub fn decisions(&self) -> usize {
        self.decisions
    }
}

// ln σ(x), exact for large |x|.
fn ln_sigmoid(x: f64) -> f64 {
    if x >= 0.0 { -libm::log1p(libm::exp(-x)) } else { x - libm::log1p(libm::exp(x)) }
}

fn temperature(closed: &[Closed]) -> [f64; 3] {
    let observed: Vec<Observed<1>> = closed
        .iter()
        .map(|one| Observed { features: [one.score], positive: one.correct, weight: one.weight })
        .collect();
    let [factor] = logistic::fit(&observed, [1.0]);
    let factor = factor.max(0.0);
    [factor, factor, 0.0]
}

// A negative factor would make the map fall somewhere; then the offset and one factor (Platt 1999) must do.
fn beta(closed: &[Closed]) -> [f64; 3] {
    let features = |one: &Closed| [ln_sigmoid(one.score), -ln_sigmoid(-one.score), 1.0];
    let observed: Vec<Observed<3>> = closed
        .iter()
        .map(|one| Observed { features: features(one), positive: one.correct, weight: one.weight })
        .collect();
    let fitted = logistic::fit(&observed, [1.0, 1.0, 0.0]);
    if fitted[0] >= 0.0 && fitted[1] >= 0.0 {
        return fitted;
    }
    let observed: Vec<Observed<2>> = closed
        .iter()
        .map(|one| Observed { features: [one.score, 1.0], positive: one.correct, weight: one.weight })
        .collect();
    let [factor, offset] = logistic::fit(&observed, [1.0, 0.0]);
    let factor = factor.max(0.0);
    [factor, factor, offset]
}
