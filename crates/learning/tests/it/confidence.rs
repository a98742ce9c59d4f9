//! Calibration, sets of possible labels, audits, novelty, and what is said in words.

use learning::confidence::calibrator::Method;
use learning::confidence::next_step::{Situation, next_step};
use learning::confidence::novelty::familiarity;
use learning::confidence::{AuditSettings, audit};
use learning::{Calibrator, Closed, Conformal, Novelty, Reliability, Scored, Standing, Target, Threshold};
use proptest::prelude::*;

use crate::chance::Chance;

const TARGET: Target = Target { error_rate: 0.05, confidence: 0.9 };

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Decisions of an overconfident model: the truth is σ(score / 3).
fn overconfident(seed: u64, count: usize) -> Vec<Closed> {
    let mut chance = Chance(seed);
    let one = |chance: &mut Chance| {
        let score = 6.0 * chance.share() - 1.0;
        Closed { score, label: 0, correct: chance.share() < sigmoid(score / 3.0), weight: 1.0 }
    };
    (0..count).map(|_| one(&mut chance)).collect()
}

fn error_of(calibrator: &Calibrator) -> f64 {
    let new = overconfident(99, 20_000);
    Reliability::of(&new.iter().map(|one| (calibrator.probability(one.score), one.correct)).collect::<Vec<_>>(), 10)
        .expected_error
}

#[test]
fn the_map_grows_freer_and_better_with_what_is_known() {
    let plain = Calibrator::default();
    let at = |count| Calibrator::fit(&overconfident(1, count), &plain);
    let (small, medium, large) = (at(120), at(600), at(5_000));
    assert_eq!((plain.method(), small.method()), (Method::Identity, Method::Temperature));
    assert_eq!((medium.method(), large.method(), large.decisions()), (Method::Beta, Method::Isotonic, 5_000));
    assert!(error_of(&plain) > 0.12);
    assert!(error_of(&small) < error_of(&plain) && error_of(&medium) < error_of(&small));
    assert!(error_of(&large) < 0.02, "{}", error_of(&large));
}

#[test]
fn a_new_tenant_begins_with_what_all_know() {
    let all = Calibrator::fit(&overconfident(2, 10_000), &Calibrator::default());
    assert_eq!(Calibrator::fit(&[], &all), all);
    let with = Calibrator::fit(&overconfident(3, 20), &all);
    let without = Calibrator::fit(&overconfident(3, 20), &Calibrator::default());
    assert!(error_of(&with) < error_of(&without) / 2.0);
}

#[test]
fn decisions_that_are_all_right_do_not_make_it_certain() {
    let right = vec![Closed { score: 2.0, label: 0, correct: true, weight: 1.0 }; 2_000];
    let calibrator = Calibrator::fit(&right, &Calibrator::default());
    let probability = calibrator.probability(2.0);
    assert!(probability > 0.97 && probability < 1.0, "{probability}");
}

proptest! {
    #[test]
    fn a_higher_score_is_never_less_probable(seed in any::<u64>(), count in 0_usize..1_500, flip in any::<bool>()) {
        // Also when higher scores are in truth worse: then the map may be flat, not falling.
        let closed: Vec<Closed> =
            overconfident(seed, count).into_iter().map(|one| Closed { score: if flip { -one.score } else { one.score }, ..one }).collect();
        let calibrator = Calibrator::fit(&closed, &Calibrator::default());
        let along: Vec<f64> = (-40..=40).map(|step| calibrator.probability(f64::from(step) / 4.0)).collect();
        for pair in along.windows(2) {
            prop_assert!(pair[1] >= pair[0] - 1e-12, "{:?}", pair);
            prop_assert!((0.0..=1.0).contains(&pair[0]));
        }
    }
}

/// A probability for each of four labels, and the right one drawn from them.
fn drawn(chance: &mut Chance) -> (u32, Vec<f64>) {
    let raw: Vec<f64> = (0..4).map(|_| chance.share().powi(3) + 1e-3).collect();
    let sum: f64 = raw.iter().sum();
    let probabilities: Vec<f64> = raw.iter().map(|value| value / sum).collect();
    let mut left = chance.share();
    let truth = probabilities.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    (truth.unwrap_or(3) as u32, probabilities)
}

#[test]
fn sets_hold_the_right_label_as_often_as_promised_for_every_label() {
    let mut chance = Chance(5);
    let truths: Vec<(u32, f64)> =
        (0..4_000).map(|_| drawn(&mut chance)).map(|(truth, all)| (truth, all[truth as usize])).collect();
    let conformal = Conformal::fit(&truths, 4, 0.1);
    let (mut held, mut of) = ([0_u32; 4], [0_u32; 4]);
    for _ in 0..8_000 {
        let (truth, probabilities) = drawn(&mut chance);
        let set = conformal.set(&probabilities);
        of[truth as usize] += 1;
        held[truth as usize] += u32::from(set.contains(&truth));
        assert!(set.windows(2).all(|pair| probabilities[pair[0] as usize] >= probabilities[pair[1] as usize]));
    }
    for (held, of) in held.into_iter().zip(of) {
        let share = f64::from(held) / f64::from(of);
        assert!((0.87..=0.93).contains(&share), "{share}");
    }
}

#[test]
fn without_decisions_every_label_is_possible() {
    assert_eq!(Conformal::fit(&[], 3, 0.1).set(&[0.2, 0.7, 0.1]), [1, 0, 2]);
    assert_eq!(Conformal::fit(&[(0, 0.9), (1, 0.9)], 3, 0.1).set(&[0.2, 0.7, 0.1]).len(), 3, "two prove nothing");
}

#[test]
fn audits_are_drawn_by_the_record_and_never_cease() {
    let drawn = |rate: f64| (0..20_000_u32).filter(|n| AuditSettings::draws(&n.to_le_bytes(), b"tenant", rate)).count();
    assert!((900..=1_100).contains(&drawn(0.05)), "{}", drawn(0.05));
    assert_eq!((drawn(0.0), drawn(1.0)), (0, 20_000));
    assert!(AuditSettings::draws(b"one record", b"salt", 0.5) == AuditSettings::draws(b"one record", b"salt", 0.5));
    let settings = AuditSettings::default();
    assert_eq!((settings.rate_at(0), settings.rate_at(499), settings.rate_at(500)), (0.2, 0.2, 0.05));
    let none = AuditSettings { rate: 0.0, new_rate: 0.0, new_until: 10 };
    assert_eq!(none.rate_at(10_000), audit::LEAST_RATE);
}

fn scored(probability: f64, similarity: f64) -> Scored {
    Scored {
        probabilities: vec![probability, 1.0 - probability],
        top: 0,
        score: 0.0,
        margin: 0.0,
        neighbours: Vec::new(),
        similarity,
        reach: 0.0,
    }
}

#[test]
fn what_is_like_nothing_before_is_novel() {
    let right: Vec<f64> = (0..100).map(|n| familiarity(&scored(0.9, 0.5 + f64::from(n) / 250.0))).collect();
    let novelty = Novelty::fit(&right);
    assert!(novelty.is_novel(familiarity(&scored(0.9, 0.3))));
    assert!(!novelty.is_novel(familiarity(&scored(0.9, 0.8))));
    assert_eq!(right.iter().filter(|one| novelty.is_novel(**one)).count(), 5);
    assert!(Novelty::fit(&right[..19]).is_novel(2.0), "with few decisions everything is");
}

#[test]
fn the_table_says_what_happened() {
    let decisions: Vec<(f64, bool)> =
        (0..100).map(|n| (if n < 50 { 0.6 } else { 0.9 }, n % 10 < 6 || n >= 95)).collect();
    let table = Reliability::of(&decisions, 2);
    assert_eq!(table.bins.len(), 2);
    assert!((table.bins[0].accuracy - 0.6).abs() < 1e-9 && (table.bins[0].confidence - 0.6).abs() < 1e-9);
    assert!((table.expected_error - 0.5 * (0.9 - table.bins[1].accuracy)).abs() < 1e-9);
    assert_eq!(Reliability::of(&[], 10), Reliability::default());
}

#[test]
fn the_next_step_is_said_in_words() {
    let closed = |right: usize, wrong: usize| {
        let one = |correct| Closed { score: 3.0, label: 1, correct, weight: 1.0 };
        [vec![one(true); right], vec![one(false); wrong]].concat()
    };
    let said = |closed: &[Closed], standing| {
        next_step(&Situation { target: TARGET, threshold: Threshold::fit(closed, TARGET), standing })
    };
    let cold = said(&closed(12, 0), Standing::Trusted);
    assert!(cold.contains("12 are there") && cold.contains("Decide 55 more"), "{cold}");
    assert!(said(&closed(300, 1), Standing::Trusted).contains("100 % of decisions are accepted"));
    assert!(said(&closed(200, 100), Standing::Trusted).contains("33.3 % of the 300 decided records"));
    assert!(said(&closed(300, 1), Standing::Suspended).contains("90 % confidence that more than 5 %"));
    assert!(said(&closed(300, 1), Standing::Strained).contains("half of it"));
}
