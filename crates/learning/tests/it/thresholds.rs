//! Thresholds: what they promise must hold over many repetitions.

use learning::confidence::beta;
use learning::{Closed, Standing, Target, Threshold};

use crate::chance::Chance;

const TARGET: Target = Target { error_rate: 0.05, confidence: 0.9 };

/// Decisions whose probability of being right rises with the score: σ(score + shift).
fn decisions(chance: &mut Chance, count: usize, shift: f64) -> Vec<Closed> {
    let one = |chance: &mut Chance| {
        let score = 4.0 * chance.share() - 1.0;
        let right = chance.share() < truth(score, shift);
        Closed { score, label: 0, correct: right, weight: 1.0 }
    };
    (0..count).map(|_| one(chance)).collect()
}

fn truth(score: f64, shift: f64) -> f64 {
    1.0 / (1.0 + (-(2.0 * score + shift)).exp())
}

/// The true error rate above a threshold, by numerical integration.
fn true_error(threshold: f64, shift: f64) -> f64 {
    let steps = 2_000;
    let width = (3.0 - threshold) / f64::from(steps);
    let error = |step: i32| 1.0 - truth(threshold + (f64::from(step) + 0.5) * width, shift);
    (0..steps).map(error).sum::<f64>() / f64::from(steps)
}

#[test]
fn the_error_above_a_threshold_stays_within_the_target_as_often_as_promised() {
    let mut chance = Chance(42);
    let (repeats, mut set, mut broken) = (400, 0, 0);
    for _ in 0..repeats {
        let threshold = Threshold::fit(&decisions(&mut chance, 400, 0.0), TARGET);
        if let Some(score) = threshold.score {
            set += 1;
            broken += usize::from(true_error(score, 0.0) > TARGET.error_rate);
        }
    }
    assert!(
        set > repeats * 3 / 4,
        "with 400 decisions a threshold is found nearly always, not {set} times of {repeats}"
    );
    assert!(broken as f64 <= repeats as f64 * (1.0 - TARGET.confidence), "{broken} of {repeats} were broken");
}

#[test]
fn audits_of_a_random_part_give_the_same_promise() {
    let mut chance = Chance(43);
    let (repeats, mut set, mut broken) = (200, 0, 0);
    for _ in 0..repeats {
        // Of decisions above 1 only a fifth is audited, each for five.
        let audited = decisions(&mut chance, 1_500, 0.0).into_iter().filter_map(|one| match one.score > 1.0 {
            true if chance.share() < 0.2 => Some(Closed { weight: 5.0, ..one }),
            true => None,
            false => Some(one),
        });
        let audited: Vec<Closed> = audited.collect();
        if let Some(score) = Threshold::fit(&audited, TARGET).score {
            set += 1;
            broken += usize::from(true_error(score, 0.0) > TARGET.error_rate);
        }
    }
    assert!(set > 100, "{set} of {repeats}");
    assert!(broken as f64 <= repeats as f64 * (1.0 - TARGET.confidence), "{broken} of {repeats} were broken");
}

#[test]
fn the_more_decisions_the_lower_the_threshold() {
    let at = |count| Threshold::fit(&decisions(&mut Chance(7), count, 0.0), TARGET);
    let (few, more, many) = (at(20), at(400), at(20_000));
    assert_eq!(few.score, None, "twenty decisions prove nothing");
    assert!(!few.accepts(99.0));
    assert!(few.evidence.needed > 60.0 && few.evidence.decisions == 20.0 && few.evidence.coverage == 0.0);
    assert!(more.evidence.coverage < many.evidence.coverage);
    assert!(many.score.unwrap() < more.score.unwrap());
    assert!(true_error(many.score.unwrap(), 0.0) > 0.04, "with many decisions little is given away");
    assert!(many.evidence.upper_bound <= TARGET.error_rate);
}

#[test]
fn equal_scores_are_not_divided() {
    let mut all = vec![Closed { score: 2.0, label: 0, correct: true, weight: 1.0 }; 200];
    all.extend(vec![Closed { score: 1.0, label: 0, correct: true, weight: 1.0 }; 60]);
    all.extend(vec![Closed { score: 1.0, label: 0, correct: false, weight: 1.0 }; 40]);
    let threshold = Threshold::fit(&all, TARGET);
    assert_eq!(threshold.score, Some(2.0));
    all.reverse();
    assert_eq!(Threshold::fit(&all, TARGET), threshold, "the order of decisions does not matter");
    assert_eq!(Threshold::fit(&[], TARGET), Threshold::closed(TARGET));
}

#[test]
fn audits_make_it_step_back_and_only_proof_stops_it() {
    let audits = |right: usize, wrong: usize| {
        let one = |correct| Closed { score: 3.0, label: 1, correct, weight: 1.0 };
        [vec![one(true); right], vec![one(false); wrong]].concat()
    };
    assert_eq!(Standing::of(&[], TARGET), Standing::Trusted);
    assert_eq!(Standing::of(&audits(100, 3), TARGET), Standing::Trusted);
    assert_eq!(Standing::of(&audits(92, 7), TARGET), Standing::Strained);
    assert_eq!(Standing::of(&audits(80, 20), TARGET), Standing::Suspended);
    assert_eq!(Standing::of(&audits(1, 1), TARGET), Standing::Trusted, "two audits prove nothing");
    assert!(beta::lower_bound(20.0, 100.0, 0.9) > TARGET.error_rate);
    assert_eq!(Standing::Strained.target(TARGET).unwrap().error_rate, 0.025);
    assert_eq!(Standing::Suspended.target(TARGET), None);
    assert_eq!(Standing::Trusted.target(TARGET), Some(TARGET));
}
