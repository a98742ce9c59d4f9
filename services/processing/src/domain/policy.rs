//! From which score on a tenant's labels stand without a person, and what that is proven with.

use std::collections::BTreeMap;

use common::LabelId;
use learning::confidence::AuditSettings;
use learning::confidence::next_step::{Situation, next_step};
use learning::policy::LEAST_CLOSED;
use learning::{Calibrator, Closed, Outcome, Policy, PolicySettings, Reliability, Standing, Target};
use serde::{Deserialize, Serialize};

use super::scored::ClosedDecision;

/// How sure one must be that the error rate is within the target.
pub(crate) const CONFIDENCE: f64 = 0.9;
/// Thresholds rest on so many closed decisions, the youngest.
pub(crate) const WINDOW: i64 = 3_000;
/// Rows of a reliability table.
const BINS: usize = 10;

/// What is in force for a tenant, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantPolicy {
    pub(crate) target: Target,
    pub(crate) in_force: Policy,
    /// What the audits of all labels say.
    pub(crate) standing: Standing,
    /// How many decisions people have closed.
    pub(crate) closed: usize,
    /// The chance with which an accepted label is looked at.
    pub(crate) audit_rate: f64,
    pub(crate) reliability: Reliability,
}

/// What a tenant wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wishes {
    pub(crate) target_error_rate: f64,
    pub(crate) audit_sample_rate: f64,
}

impl Wishes {
    /// The highest share of errors, and how sure one must be of it.
    pub(crate) fn target(self) -> Target {
        // No number of decisions proves that there are no errors at all.
        Target { error_rate: self.target_error_rate.max(0.000_1), confidence: CONFIDENCE }
    }

    fn audit_rate(self, closed: usize) -> f64 {
        AuditSettings { rate: self.audit_sample_rate, ..AuditSettings::default() }.rate_at(closed)
    }
}

impl TenantPolicy {
    /// What follows from the closed decisions, the oldest first. `labels` are the model's, by their numbers.
    pub(crate) fn fit(decisions: &[ClosedDecision], labels: &[LabelId], wishes: Wishes) -> Self {
        let number = |label: LabelId| labels.iter().position(|known| *known == label).map(|place| place as u32);
        let known: Vec<(&ClosedDecision, Outcome)> =
            decisions.iter().filter_map(|one| Some((one, one.outcome(number)?))).collect();
        let target = wishes.target();
        // Drawn by chance, so that each counts the same among them.
        let audits: Vec<Closed> = known
            .iter()
            .filter(|(one, _)| one.scored.is_audited)
            .map(|(_, outcome)| Closed { weight: 1.0, ..outcome.closed })
            .collect();
        let standing = Standing::of(&audits, target);
        let settings = PolicySettings {
            standing,
            label_standing: standings(&audits, target),
            ..PolicySettings::new(labels.len(), target)
        };
        let outcomes: Vec<Outcome> = known.iter().map(|(_, outcome)| *outcome).collect();
        let in_force = Policy::fit(&outcomes, &Calibrator::default(), &settings);
        let confidences: Vec<(f64, bool)> = outcomes
            .iter()
            .map(|one| (in_force.calibrator.probability(one.closed.score), one.closed.correct))
            .collect();
        Self {
            target,
            standing,
            closed: outcomes.len(),
            audit_rate: wishes.audit_rate(outcomes.len()),
            reliability: Reliability::of(&confidences, BINS),
            in_force,
        }
    }

    /// What would bring more automation, in words.
    pub(crate) fn next_step(&self) -> String {
        if self.closed < LEAST_CLOSED && self.standing != Standing::Suspended {
            let more = LEAST_CLOSED - self.closed;
            return format!(
                "Nothing is accepted automatically before people have decided {LEAST_CLOSED} records that had been \
                 scored; {} are there. Decide {more} more.",
                self.closed
            );
        }
        let alone = self.in_force.by_label.values().filter(|threshold| threshold.score.is_some()).count();
        if alone > 0 && self.in_force.threshold.score.is_none() && self.standing == Standing::Trusted {
            return format!(
                "{alone} labels are accepted automatically, each by a proof of its own. Decide more records of the others."
            );
        }
        next_step(&Situation { target: self.target, threshold: self.in_force.threshold, standing: self.standing })
    }
}

fn standings(audits: &[Closed], target: Target) -> BTreeMap<u32, Standing> {
    let mut by_label: BTreeMap<u32, Vec<Closed>> = BTreeMap::new();
    for audit in audits {
        by_label.entry(audit.label).or_default().push(*audit);
    }
    let standings = by_label.into_iter().map(|(label, audits)| (label, Standing::of(&audits, target)));
    standings.filter(|(_, standing)| *standing != Standing::Trusted).collect()
}
