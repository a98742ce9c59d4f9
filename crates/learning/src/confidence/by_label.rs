//! Thresholds of single labels beside the one of all.
//!
//! One threshold for everything keeps the *mean* error within the target: a label that is easy and frequent pays for one
//! that is hard and rare. A label with enough closed decisions of its own has its own proof; all others share one, fitted to
//! their decisions alone, so that it is not carried by those which left. A tenant may also set a label its own target, such
//! as 1 % for taxes: that label is proven by itself or not accepted.
//!
//! Which labels stand alone depends on how many decisions there are and never on how they ended, so each bound holds as
//! [`Threshold::fit`] promises it: label by label, at the target's confidence. The error over everything is a mean of these.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::closed::{Closed, Tally};
use super::threshold::{Target, Threshold};

/// A label stands alone from this many times the fewest decisions that could make a threshold: with barely enough, one
/// early error would close it.
pub const ALONE_FROM: f64 = 3.0;

/// The thresholds in force for a tenant, by the label that was scored highest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Of the labels that do not stand alone.
    pub shared: Threshold,
    /// Of those that do.
    pub alone: BTreeMap<u32, Threshold>,
}

impl Thresholds {
    /// From closed decisions, the tenant's target, and the targets of labels that have one of their own.
    pub fn fit(closed: &[Closed], target: Target, own: &BTreeMap<u32, Target>) -> Self {
        let mut by_label: BTreeMap<u32, Vec<Closed>> = BTreeMap::new();
        for one in closed.iter().filter(|one| one.weight > 0.0 && !one.score.is_nan()) {
            by_label.entry(one.label).or_default().push(*one);
        }
        let needed = ALONE_FROM * Threshold::needed(target);
        let enough = |decisions: &Vec<Closed>| decisions.iter().collect::<Tally>().effective() >= needed;
        let alone: BTreeSet<u32> = by_label
            .iter()
            .filter(|(_, decisions)| enough(decisions))
            .map(|(label, _)| *label)
            .chain(own.keys().copied())
            .collect();
        let threshold = |label: &u32| {
            let decisions = by_label.get(label).map(Vec::as_slice).unwrap_or_default();
            (*label, Threshold::fit(decisions, own.get(label).copied().unwrap_or(target)))
        };
        let shared: Vec<Closed> = closed.iter().filter(|one| !alone.contains(&one.label)).copied().collect();
        Self { shared: Threshold::fit(&shared, target), alone: alone.iter().map(threshold).collect() }
    }

    /// The threshold for decisions of this label.
    pub fn of(&self, label: u32) -> &Threshold {
        self.alone.get(&label).unwrap_or(&self.shared)
    }
}
