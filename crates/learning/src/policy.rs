//! What is in force for a tenant, and how it follows from closed decisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::confidence::novelty::familiarity;
use crate::confidence::{Calibrator, Closed, Conformal, Novelty, Standing, Target, Threshold, Thresholds};
use crate::model::Scored;
use crate::settled::settled;

/// Before so many closed decisions nothing is accepted, however loose the target.
pub const LEAST_CLOSED: usize = 50;

/// What is in force for a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// From scores to probabilities.
    pub calibrator: Calibrator,
    /// The threshold of labels that do not stand alone: [`Thresholds::shared`].
    pub threshold: Threshold,
    /// Those of labels that do: [`Thresholds::alone`].
    pub by_label: BTreeMap<u32, Threshold>,
    /// What audits say of a label; trusted when it is not there.
    pub standing: BTreeMap<u32, Standing>,
    /// The sets of possible labels.
    pub conformal: Conformal,
    /// The gate for what is like nothing before.
    pub novelty: Novelty,
    /// How much likelier than the next the label must be.
    pub least_margin: f64,
    /// Whether there is a language model to ask.
    pub model_stage: bool,
}

/// A closed decision with all that a policy learns from it. Taken from the score *before* the record was learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Score, label and whether it was right.
    pub closed: Closed,
    /// How known the record was.
    pub familiarity: f64,
    /// The label that the person gave.
    pub truth: u32,
    /// The probability that this label had been given.
    pub truth_probability: f64,
}

impl Outcome {
    /// A person gave this record the label `truth`; `weight` is one, or 1 / rate when it was seen by a random audit alone.
    pub fn of(scored: &Scored, truth: u32, weight: f64) -> Self {
        Self {
            closed: Closed {
                score: scored.score,
                label: scored.top,
                correct: truth == scored.top,
                weight: settled(weight),
            },
            familiarity: familiarity(scored),
            truth,
            truth_probability: settled(scored.probabilities.get(truth as usize).copied().unwrap_or(0.0)),
        }
    }
}

/// What a tenant allows, and what its audits say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicySettings {
    /// How many labels there are.
    pub labels: usize,
    /// What is allowed.
    pub target: Target,
    /// Labels with a target of their own.
    pub own_targets: BTreeMap<u32, Target>,
    /// What the audits of everything accepted say.
    pub standing: Standing,
    /// What those of a label say; trusted when it is not there.
    pub label_standing: BTreeMap<u32, Standing>,
    /// The permitted share of sets of possible labels without the right one.
    pub miss_rate: f64,
    /// How much likelier than the next a label must be.
    pub least_margin: f64,
    /// Whether there is a language model to ask.
    pub model_stage: bool,
}

impl PolicySettings {
    /// The usual settings for so many labels and a target.
    pub fn new(labels: usize, target: Target) -> Self {
        Self {
            labels,
            target,
            own_targets: BTreeMap::new(),
            standing: Standing::Trusted,
            label_standing: BTreeMap::new(),
            miss_rate: 0.1,
            least_margin: 0.0,
            model_stage: false,
        }
    }

    /// A label that audits speak against is held to half of its target, by itself.
    fn targets(&self, target: Target) -> BTreeMap<u32, Target> {
        let mut targets = self.own_targets.clone();
        for (label, standing) in &self.label_standing {
            if *standing == Standing::Strained {
                let own = targets.get(label).copied().unwrap_or(target);
                targets.extend(standing.target(own).map(|target| (*label, target)));
            }
        }
        targets
    }
}

impl Policy {
    /// What follows from closed decisions; `all` is the calibration of all tenants together.
    pub fn fit(outcomes: &[Outcome], all: &Calibrator, settings: &PolicySettings) -> Self {
        let closed: Vec<Closed> = outcomes.iter().map(|outcome| outcome.closed).collect();
        let right = outcomes.iter().filter(|outcome| outcome.closed.correct);
        let novelty = Novelty::fit(&right.map(|outcome| outcome.familiarity).collect::<Vec<_>>());
        let target = settings.standing.target(settings.target).filter(|_| outcomes.len() >= LEAST_CLOSED);
        let thresholds = target.map(|target| {
            // The threshold is proven for what passes the gate of novelty.
            let known = outcomes.iter().filter(|outcome| !novelty.is_novel(outcome.familiarity));
            let known: Vec<Closed> = known.map(|outcome| outcome.closed).collect();
            Thresholds::fit(&known, target, &settings.targets(target))
        });
        let thresholds = thresholds
            .unwrap_or_else(|| Thresholds { shared: Threshold::closed(settings.target), alone: BTreeMap::new() });
        let truths: Vec<(u32, f64)> =
            outcomes.iter().map(|outcome| (outcome.truth, outcome.truth_probability)).collect();
        Self {
            calibrator: Calibrator::fit(&closed, all),
            threshold: thresholds.shared,
            by_label: thresholds.alone,
            standing: settings.label_standing.clone(),
            conformal: Conformal::fit(&truths, settings.labels, settings.miss_rate),
            novelty,
            least_margin: settings.least_margin,
            model_stage: settings.model_stage,
        }
    }

    /// The threshold for decisions of this label.
    pub fn threshold_of(&self, label: u32) -> &Threshold {
        self.by_label.get(&label).unwrap_or(&self.threshold)
    }
}
