//! Automation at the target error: thresholds set on one half of the held-out records, tried on the other.

use learning::{Calibrator, Outcome, Policy, PolicySettings, Reliability, Route, Scored, Target, decide};
use serde::Serialize;

use crate::measures::{mean, share};

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    /// The sets' permitted share of misses.
    pub(crate) miss_rate: f64,
    /// Records of each label that are held out.
    pub(crate) held_out: usize,
}

/// What the thresholds did to records that they had not seen.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acceptance {
    /// The share accepted without a person.
    pub(crate) automation: f64,
    /// The share of errors among these.
    pub(crate) error_among_accepted: f64,
    /// Expected calibration error of the confidence.
    pub(crate) calibration_error: f64,
    /// The share of sets that hold the right label, and their mean size.
    pub(crate) set_coverage: f64,
    pub(crate) set_size: f64,
    /// The reliability table of the last trial.
    pub(crate) reliability: Reliability,
}

impl Settings {
    pub(crate) fn of_policy(&self, labels: usize) -> PolicySettings {
        PolicySettings { miss_rate: self.miss_rate, ..PolicySettings::new(labels, self.target) }
    }
}

impl Acceptance {
    pub(crate) fn mean(all: &[Self]) -> Self {
        let over = |value: fn(&Self) -> f64| mean(&all.iter().map(value).collect::<Vec<_>>());
        // Errors per accepted record, not the mean of rates: a trial that accepted nothing has none.
        let accepted: f64 = all.iter().map(|one| one.automation).sum();
        let errors: f64 = all.iter().map(|one| one.automation * one.error_among_accepted).sum();
        Self {
            automation: over(|one| one.automation),
            error_among_accepted: if accepted > 0.0 { errors / accepted } else { 0.0 },
            calibration_error: over(|one| one.calibration_error),
            set_coverage: over(|one| one.set_coverage),
            set_size: over(|one| one.set_size),
            reliability: all.last().map(|one| one.reliability.clone()).unwrap_or_default(),
        }
    }
}

/// The policy that follows when a person has seen all of these.
pub(crate) fn policy(closed: &[(u32, Scored)], labels: usize, settings: &Settings) -> Policy {
    let outcomes: Vec<Outcome> = closed.iter().map(|(truth, scored)| Outcome::of(scored, *truth, 1.0)).collect();
    Policy::fit(&outcomes, &Calibrator::default(), &settings.of_policy(labels))
}

/// Sets the thresholds on each half and tries them on the other.
pub(crate) fn measure(scored: &[(u32, Scored)], labels: usize, settings: &Settings) -> Acceptance {
    let half = |parity: usize| scored.iter().skip(parity).step_by(2).cloned().collect::<Vec<_>>();
    let (even, odd) = (half(0), half(1));
    Acceptance::mean(&[try_out(&even, &odd, labels, settings), try_out(&odd, &even, labels, settings)])
}

fn try_out(closed: &[(u32, Scored)], new: &[(u32, Scored)], labels: usize, settings: &Settings) -> Acceptance {
    let policy = policy(closed, labels, settings);
    let decided: Vec<_> = new.iter().map(|(truth, scored)| (*truth, decide(scored, &policy))).collect();
    let accepted: Vec<_> = decided.iter().filter(|(_, decision)| decision.route == Route::Accept).collect();
    let wrong = accepted.iter().filter(|(truth, decision)| *truth != decision.label).count();
    let covered = decided.iter().filter(|(truth, decision)| decision.possible.contains(truth)).count();
    let sizes: Vec<f64> = decided.iter().map(|(_, decision)| decision.possible.len() as f64).collect();
    let confidences: Vec<(f64, bool)> =
        decided.iter().map(|(truth, decision)| (decision.confidence, *truth == decision.label)).collect();
    let reliability = Reliability::of(&confidences, 10);
    Acceptance {
        automation: share(accepted.len(), new.len()),
        error_among_accepted: share(wrong, accepted.len()),
        calibration_error: reliability.expected_error,
        set_coverage: share(covered, new.len()),
        set_size: mean(&sizes),
        reliability,
    }
}
