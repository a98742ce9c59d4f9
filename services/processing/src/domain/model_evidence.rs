//! From which probability on a language model's labels stand by themselves: what people said of its labels proves it.

use learning::confidence::AuditSettings;
use learning::{Closed, Standing, Threshold};

use super::policy::Wishes;
use super::settings::TenantSettings;

/// Nothing stands before people have closed so many of a model's labels, however well that went.
const COLD: usize = 50;

/// A model's label that a person has looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Closing {
    pub(crate) probability: f64,
    /// Whether the person agreed.
    pub(crate) correct: bool,
    /// The chance with which it was looked at, of one that stood by itself and was drawn for an audit.
    pub(crate) audited_at_rate: Option<f64>,
}

/// What is in force for a model's labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Proven {
    /// The lowest probability whose errors are proven to be within the tenant's target; none while none is.
    pub(crate) accepts_from: Option<f64>,
    /// The chance with which a label that stands is looked at all the same.
    pub(crate) audit_rate: f64,
    /// The share of errors that it is proven for.
    pub(crate) target_error_rate: f64,
}

impl Proven {
    /// What the closings prove.
    pub(crate) fn by(closings: &[Closing], settings: &TenantSettings) -> Self {
        let wishes =
            Wishes { target_error_rate: settings.target_error_rate, audit_sample_rate: settings.audit_sample_rate };
        let target = wishes.target();
        let closed = |one: &Closing| Closed {
            score: log_odds(one.probability),
            label: 0,
            correct: one.correct,
            weight: one.audited_at_rate.map_or(1.0, |rate| 1.0 / rate.max(learning::confidence::audit::LEAST_RATE)),
        };
        let all: Vec<Closed> = closings.iter().map(closed).collect();
        let audits: Vec<Closed> = closings
            .iter()
            .filter(|one| one.audited_at_rate.is_some())
            .map(|one| Closed { weight: 1.0, ..closed(one) })
            .collect();
        let allowed = Standing::of(&audits, target).target(target).filter(|_| closings.len() >= COLD);
        let score = allowed.and_then(|target| Threshold::fit(&all, target).score);
        let rates = AuditSettings { rate: settings.audit_sample_rate, ..AuditSettings::default() };
        Self {
            // To the log-odds and back costs the last digit.
            accepts_from: score.map(|score| (probability(score) - 1e-9).max(settings.auto_accept_threshold)),
            audit_rate: rates.rate_at(closings.len()),
            target_error_rate: target.error_rate,
        }
    }
}

fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closings(count: usize, probability: f64, wrong: usize) -> Vec<Closing> {
        (0..count).map(|n| Closing { probability, correct: n >= wrong, audited_at_rate: None }).collect()
    }

    fn settings() -> TenantSettings {
        TenantSettings { target_error_rate: 0.1, auto_accept_threshold: 0.5, ..TenantSettings::default() }
    }

    #[test]
    fn nothing_stands_before_enough_was_closed_or_where_too_much_was_wrong() {
        assert_eq!(Proven::by(&[], &settings()).accepts_from, None);
        assert_eq!(Proven::by(&closings(COLD - 1, 0.9, 0), &settings()).accepts_from, None);
        assert_eq!(Proven::by(&closings(200, 0.9, 60), &settings()).accepts_from, None);
    }

    #[test]
    fn what_is_proven_stands_and_the_tenants_threshold_is_a_floor() {
        let mut all = closings(200, 0.9, 0);
        all.extend(closings(200, 0.6, 120));
        let proven = Proven::by(&all, &settings()).accepts_from.expect("it is proven");
        assert!(proven <= 0.9 && proven > 0.89, "{proven}");
        let strict = TenantSettings { auto_accept_threshold: 0.95, ..settings() };
        assert_eq!(Proven::by(&all, &strict).accepts_from, Some(0.95));
    }
}
