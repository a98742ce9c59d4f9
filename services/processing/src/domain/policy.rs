//! From which score on a tenant's labels stand without a person, and what that is proven with.

use std::collections::BTreeMap;

use common::LabelId;
use learning::confidence::AuditSettings;
use learning::confidence::next_step::{Situation, next_step};
use learning::{Calibrator, Closed, Conformal, Novelty, Policy, Reliability, Standing, Target, Threshold};
use serde::{Deserialize, Serialize};

use super::scored::ClosedDecision;

/// How sure one must be that the error rate is within the target.
pub(crate) const CONFIDENCE: f64 = 0.9;
/// Nothing is accepted before people have closed so many decisions, however well they went.
pub(crate) const COLD: usize = 50;
/// Thresholds rest on so many closed decisions, the youngest.
pub(crate) const WINDOW: i64 = 3_000;
/// The permitted probability that the right label is missing from the possible ones.
const MISS_RATE: f64 = 0.1;
/// Rows of a reliability table.
const BINS: usize = 10;

/// What is in force for a tenant, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantPolicy {
    pub(crate) target: Target,
    pub(crate) calibrator: Calibrator,
    pub(crate) threshold: Threshold,
    /// Labels whose audits ask for more than the tenant's threshold.
    pub(crate) by_label: BTreeMap<u32, Threshold>,
    /// What the audits of all labels say, and those of each.
    pub(crate) standing: Standing,
    pub(crate) standings: BTreeMap<u32, Standing>,
    pub(crate) conformal: Conformal,
    pub(crate) novelty: Novelty,
    /// How many decisions people have closed, and how many of these were accepted and drawn for an audit.
    pub(crate) closed: usize,
    pub(crate) audits: usize,
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
        let known: Vec<(&ClosedDecision, Closed)> =
            decisions.iter().filter_map(|one| Some((one, one.closed(number)?))).collect();
        let closed: Vec<Closed> = known.iter().map(|(_, closed)| *closed).collect();
        let target = wishes.target();
        let audits: Vec<Closed> = known
            .iter()
            .filter(|(one, _)| one.scored.is_audited)
            .map(|(_, closed)| Closed { weight: 1.0, ..*closed })
            .collect();
        let right: Vec<f64> = known.iter().filter(|one| one.1.correct).map(|one| one.0.scored.familiarity).collect();
        let novelty = Novelty::fit(&right);
        // The threshold is proven for what passes the other gate.
        let familiar: Vec<Closed> = known
            .iter()
            .filter(|(one, _)| !novelty.is_novel(one.scored.familiarity))
            .map(|(_, closed)| *closed)
            .collect();
        let standing = Standing::of(&audits, target);
        let standings = standings(&audits, target);
        let calibrator = Calibrator::fit(&closed, &Calibrator::default());
        let confidences: Vec<(f64, bool)> =
            closed.iter().map(|one| (calibrator.probability(one.score), one.correct)).collect();
        let truths: Vec<(u32, f64)> =
            decisions.iter().filter_map(|one| Some((number(one.truth)?, one.probability_of_truth()))).collect();
        let threshold = match standing.target(target).filter(|_| closed.len() >= COLD) {
            Some(target) => Threshold::fit(&familiar, target),
            None => Threshold { score: None, ..Threshold::fit(&familiar, target) },
        };
        // Where the tenant's threshold accepts nothing, no label has one of its own.
        let by_label =
            if threshold.score.is_some() { stricter(&familiar, &standings, target) } else { BTreeMap::new() };
        Self {
            target,
            threshold,
            by_label,
            standing,
            standings,
            conformal: Conformal::fit(&truths, labels.len(), MISS_RATE),
            novelty,
            closed: closed.len(),
            audits: audits.len(),
            audit_rate: wishes.audit_rate(closed.len()),
            reliability: Reliability::of(&confidences, BINS),
            calibrator,
        }
    }

    /// In the form that decides.
    pub(crate) fn in_force(&self, model_stage: bool) -> Policy {
        Policy {
            calibrator: self.calibrator.clone(),
            threshold: self.threshold,
            by_label: self.by_label.clone(),
            standing: self.standings.clone(),
            conformal: self.conformal.clone(),
            novelty: self.novelty,
            least_margin: 0.0,
            model_stage,
        }
    }

    /// What would bring more automation, in words.
    pub(crate) fn next_step(&self) -> String {
        if self.closed < COLD && self.standing != Standing::Suspended {
            let more = COLD - self.closed;
            return format!(
                "Nothing is accepted automatically before people have decided {COLD} records that had been scored; \
                 {} are there. Decide {more} more.",
                self.closed
            );
        }
        next_step(&Situation { target: self.target, threshold: self.threshold, standing: self.standing })
    }

    /// The threshold that a label must reach.
    pub(crate) fn threshold_of(&self, label: u32) -> &Threshold {
        self.by_label.get(&label).unwrap_or(&self.threshold)
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

/// Labels with too many errors among their audits prove a threshold of their own, for half of the target.
fn stricter(closed: &[Closed], standings: &BTreeMap<u32, Standing>, target: Target) -> BTreeMap<u32, Threshold> {
    let strained = standings.iter().filter(|(_, standing)| **standing == Standing::Strained);
    strained
        .filter_map(|(label, standing)| {
            let own: Vec<Closed> = closed.iter().filter(|one| one.label == *label).copied().collect();
            Some((*label, Threshold::fit(&own, standing.target(target)?)))
        })
        .collect()
}
