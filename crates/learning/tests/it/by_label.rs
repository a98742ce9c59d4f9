//! Thresholds of single labels: the promise must hold for each of them.

use std::collections::BTreeMap;

use learning::confidence::by_label::ALONE_FROM;
use learning::{Closed, Target, Threshold, Thresholds};
use proptest::prelude::*;

use crate::chance::Chance;

const TARGET: Target = Target { error_rate: 0.05, confidence: 0.9 };
/// How easy each of two labels is; the second is the harder and the rarer.
const EASE: [f64; 2] = [2.0, -1.0];

fn truth(score: f64, label: u32) -> f64 {
    1.0 / (1.0 + (-(2.0 * score + EASE[label as usize])).exp())
}

fn decisions(chance: &mut Chance, count: usize) -> Vec<Closed> {
    let one = |chance: &mut Chance| {
        let label = u32::from(chance.share() < 0.3);
        let score = 4.0 * chance.share() - 1.0;
        Closed { score, label, correct: chance.share() < truth(score, label), weight: 1.0 }
    };
    (0..count).map(|_| one(chance)).collect()
}

/// The true error rate of a label above a threshold, by numerical integration.
fn true_error(threshold: f64, label: u32) -> f64 {
    let steps = 2_000;
    let width = (3.0 - threshold) / f64::from(steps);
    let error = |step: i32| 1.0 - truth(threshold + (f64::from(step) + 0.5) * width, label);
    (0..steps).map(error).sum::<f64>() / f64::from(steps)
}

#[test]
fn a_hard_label_is_not_carried_by_an_easy_one() {
    let mut chance = Chance(71);
    let repeats = 200;
    let (mut set, mut broken, mut broken_together) = ([0; 2], [0; 2], 0);
    for _ in 0..repeats {
        let closed = decisions(&mut chance, 4_000);
        let thresholds = Thresholds::fit(&closed, TARGET, &BTreeMap::new());
        for label in 0..2_u32 {
            let Some(score) = thresholds.of(label).score else { continue };
            set[label as usize] += 1;
            broken[label as usize] += usize::from(true_error(score, label) > TARGET.error_rate);
        }
        let together = Threshold::fit(&closed, TARGET).score.unwrap();
        broken_together += usize::from(true_error(together, 1) > TARGET.error_rate);
    }
    assert_eq!(
        broken_together, repeats,
        "one threshold for both leaves the hard label with too many errors every time"
    );
    for label in 0..2 {
        assert!(set[label] > repeats / 2, "label {label} has a threshold {} times of {repeats}", set[label]);
        let most = repeats as f64 * (1.0 - TARGET.confidence);
        assert!(broken[label] as f64 <= most, "label {label}: {} of {repeats} were broken", broken[label]);
    }
}

#[test]
fn a_label_with_a_target_of_its_own_is_proven_by_itself_or_not_accepted() {
    let right = |label, count| vec![Closed { score: 2.0, label, correct: true, weight: 1.0 }; count];
    let strict = Target { error_rate: 0.01, ..TARGET };
    let own = BTreeMap::from([(1, strict), (2, strict)]);
    let closed = [right(0, 150), right(1, 150), right(2, 400)].concat();
    let thresholds = Thresholds::fit(&closed, TARGET, &own);
    assert_eq!(thresholds.of(0).score, Some(2.0));
    assert_eq!(thresholds.of(1).score, None, "150 right ones do not prove 1 %");
    assert!(thresholds.of(1).evidence.needed > 150.0);
    assert_eq!(thresholds.of(2).score, Some(2.0));
    assert_eq!(thresholds.shared.evidence.decisions, 150.0, "only what does not stand alone");
    let unknown = Thresholds::fit(&[], TARGET, &own);
    assert_eq!((unknown.of(0).score, unknown.of(1).score), (None, None));
}

proptest! {
    #[test]
    fn each_decision_counts_for_one_threshold_whatever_their_order(
        raw in prop::collection::vec((0_u32..4, -3.0_f64..5.0, any::<bool>(), 1_u8..6), 0..1_200),
        strict in prop::option::of(0_u32..6), seed in any::<u64>()
    ) {
        // Label 0 is the most frequent one, so that some stand alone and some do not.
        let mut closed: Vec<Closed> = raw
            .into_iter()
            .map(|(label, score, right, weight)| Closed {
                score, label: label * u32::from(weight > 2), correct: right || score > 1.0, weight: f64::from(weight),
            })
            .collect();
        let own: BTreeMap<u32, Target> =
            strict.into_iter().map(|label| (label, Target { error_rate: 0.02, ..TARGET })).collect();
        let thresholds = Thresholds::fit(&closed, TARGET, &own);
        let part = |keep: &dyn Fn(u32) -> bool| {
            closed.iter().filter(|one| keep(one.label)).copied().collect::<Vec<_>>()
        };
        prop_assert_eq!(
            thresholds.shared, Threshold::fit(&part(&|label| !thresholds.alone.contains_key(&label)), TARGET)
        );
        for label in 0..6 {
            let decisions = part(&|other| other == label);
            let target = own.get(&label).copied().unwrap_or(TARGET);
            match thresholds.alone.get(&label) {
                Some(threshold) => prop_assert_eq!(*threshold, Threshold::fit(&decisions, target)),
                // Weights of unlike size are worth fewer decisions than there are, never more.
                None => prop_assert!(!own.contains_key(&label)),
            }
            if decisions.len() as f64 * 2.0 < ALONE_FROM * Threshold::needed(TARGET) && !own.contains_key(&label) {
                prop_assert!(!thresholds.alone.contains_key(&label));
            }
            let threshold = thresholds.of(label);
            if threshold.score.is_some() {
                prop_assert!(threshold.evidence.upper_bound <= target.error_rate);
            }
        }
        let mut chance = Chance(seed);
        for last in (1..closed.len()).rev() {
            closed.swap(last, chance.below(last as u64 + 1) as usize);
        }
        prop_assert_eq!(Thresholds::fit(&closed, TARGET, &own), thresholds);
    }
}
