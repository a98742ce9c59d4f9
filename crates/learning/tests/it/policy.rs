//! What is in force, from closed decisions.

use std::collections::BTreeMap;

use learning::policy::LEAST_CLOSED;
use learning::settled::settled;
use learning::{Calibrator, Closed, Outcome, Policy, PolicySettings, Reason, Scored, Standing, Target, decide};
use proptest::prelude::*;

const TARGET: Target = Target { error_rate: 0.05, confidence: 0.9 };

fn scored(probability: f64, similarity: f64, top: u32) -> Scored {
    let mut probabilities = vec![(1.0 - probability) / 2.0; 3];
    probabilities[top as usize] = probability;
    Scored {
        top,
        score: (probability / (1.0 - probability)).ln(),
        margin: probability,
        neighbours: Vec::new(),
        similarity,
        reach: 0.5,
        probabilities,
    }
}

/// Right decisions of all three labels, the last one less sure.
fn outcomes(count: usize) -> Vec<Outcome> {
    let one = |n: usize| {
        let top = (n % 3) as u32;
        Outcome::of(&scored(if top == 2 { 0.8 } else { 0.9 }, 0.7 + (n % 10) as f64 / 100.0, top), top, 1.0)
    };
    (0..count).map(one).collect()
}

fn policy(outcomes: &[Outcome], settings: &PolicySettings) -> Policy {
    Policy::fit(outcomes, &Calibrator::default(), settings)
}

fn why(policy: &Policy, label: u32) -> Option<Reason> {
    decide(&scored(0.95, 0.8, label), policy).reason
}

#[test]
fn an_outcome_remembers_what_was_scored() {
    let outcome = Outcome::of(&scored(0.9, 0.7, 1), 2, 5.0);
    let closed = outcome.closed;
    assert!(!closed.correct && closed.label == 1 && closed.weight == 5.0);
    assert!((outcome.truth_probability - 0.05).abs() < 1e-9 && outcome.truth == 2);
    assert!((outcome.familiarity - 2.6).abs() < 1e-9, "{}", outcome.familiarity);
    assert_eq!(Outcome::of(&scored(0.9, 0.7, 1), 9, 1.0).truth_probability, 0.0, "a label that came later");
}

#[test]
fn it_accepts_what_is_proven_and_nothing_before() {
    let settings = PolicySettings::new(3, TARGET);
    assert_eq!(why(&policy(&[], &settings), 0), Some(Reason::NoThreshold));
    assert_eq!(why(&policy(&outcomes(60), &settings), 0), Some(Reason::NoThreshold));
    assert_eq!(why(&policy(&outcomes(300), &settings), 0), None);
    let loose = PolicySettings::new(3, Target { error_rate: 0.5, confidence: 0.6 });
    assert_eq!(why(&policy(&outcomes(LEAST_CLOSED - 1), &loose), 0), Some(Reason::NoThreshold), "however loose");
    assert_eq!(why(&policy(&outcomes(LEAST_CLOSED), &loose), 0), None);
}

#[test]
fn audits_of_a_tenant_or_of_a_label_hold_it_back() {
    let with = |change: &dyn Fn(&mut PolicySettings)| {
        let mut settings = PolicySettings::new(3, TARGET);
        change(&mut settings);
        policy(&outcomes(300), &settings)
    };
    let suspended = with(&|settings| settings.standing = Standing::Suspended);
    assert_eq!(why(&suspended, 0), Some(Reason::NoThreshold));
    assert!(suspended.by_label.is_empty());
    let label = with(&|settings| settings.label_standing = BTreeMap::from([(1, Standing::Suspended)]));
    assert_eq!((why(&label, 0), why(&label, 1)), (None, Some(Reason::Suspended)));
    let strained = with(&|settings| settings.label_standing = BTreeMap::from([(1, Standing::Strained)]));
    assert_eq!(strained.by_label.keys().copied().collect::<Vec<_>>(), [1], "held to half of the target by itself");
    assert_eq!((why(&strained, 0), why(&strained, 1)), (None, Some(Reason::NoThreshold)));
    let strict = Target { error_rate: 0.02, ..TARGET };
    let own = with(&|settings| settings.own_targets = BTreeMap::from([(2, strict)]));
    assert_eq!((why(&own, 0), why(&own, 2)), (None, Some(Reason::NoThreshold)), "100 do not prove 2 %");
}

#[test]
fn a_stored_policy_decides_the_same() {
    let mut outcomes = outcomes(400);
    outcomes.extend((0..20).map(|n| Outcome::of(&scored(0.6, 0.5, n % 3), (n + 1) % 3, 1.0)));
    let mut settings = PolicySettings::new(3, TARGET);
    settings.own_targets.insert(1, TARGET);
    let fitted = policy(&outcomes, &settings);
    let stored = serde_json::to_string(&fitted).unwrap();
    let read: Policy = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, fitted);
    let score = scored(0.85, 0.75, 1);
    assert_eq!(decide(&score, &read), decide(&score, &fitted));
    let outcome: Outcome = serde_json::from_str(&serde_json::to_string(&outcomes[405]).unwrap()).unwrap();
    assert_eq!(outcome, outcomes[405]);
    let closed: Vec<Closed> = outcomes.iter().map(|one| one.closed).collect();
    assert_eq!(fitted.calibrator, Calibrator::fit(&closed, &Calibrator::default()));
}

proptest! {
    #[test]
    fn numbers_that_are_stored_come_back_as_they_were(value in -100.0_f64..100.0) {
        let settled = settled(value);
        let text = serde_json::to_string(&settled).unwrap();
        prop_assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), settled.to_bits());
        prop_assert!((settled - value).abs() < 1e-6);
    }
}
