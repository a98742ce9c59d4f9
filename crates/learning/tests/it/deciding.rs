//! Routes and reasons, and the replay of decisions.

use std::collections::BTreeMap;

use learning::{
    Calibrator, Closed, Conformal, Decision, Memory, Model, ModelSettings, Novelty, Policy, Reason, Route, Scored,
    Standing, Target, Threshold, decide,
};
use uuid::Uuid;

use crate::chance::Chance;

const TARGET: Target = Target { error_rate: 0.05, confidence: 0.9 };

fn policy(model_stage: bool) -> Policy {
    let closed: Vec<Closed> = (0..400)
        .map(|n| Closed { score: 2.0 + f64::from(n % 10) / 10.0, label: 0, correct: n != 0, weight: 1.0 })
        .collect();
    let truths: Vec<(u32, f64)> = (0..400).map(|n| (n % 3, 0.38 + f64::from(n % 40) / 100.0)).collect();
    Policy {
        calibrator: Calibrator::fit(&closed, &Calibrator::default()),
        threshold: Threshold::fit(&closed, TARGET),
        by_label: BTreeMap::new(),
        standing: BTreeMap::new(),
        conformal: Conformal::fit(&truths, 3, 0.1),
        novelty: Novelty { least: Some(1.2) },
        least_margin: 0.2,
        model_stage,
    }
}

fn scored(probabilities: [f64; 3], similarity: f64) -> Scored {
    let (first, second) = (probabilities[0], probabilities[1]);
    Scored {
        top: 0,
        score: (first / (1.0 - first)).ln(),
        margin: first - second,
        neighbours: Vec::new(),
        similarity,
        reach: 0.0,
        probabilities: probabilities.to_vec(),
    }
}

#[test]
fn a_sure_and_known_record_is_accepted() {
    let decision = decide(&scored([0.95, 0.03, 0.02], 0.9), &policy(false));
    assert_eq!((decision.route, decision.reason), (Route::Accept, None));
    assert!(decision.confidence > 0.9);
    assert_eq!(decision.candidates[0], (0, 0.95));
    assert_eq!(decision.possible, [0]);
}

#[test]
fn every_reason_keeps_a_label_from_standing() {
    let sure = scored([0.95, 0.03, 0.02], 0.9);
    let why = |scored: &Scored, policy: &Policy| decide(scored, policy).reason;
    assert_eq!(why(&scored([0.95, 0.03, 0.02], 0.1), &policy(false)), Some(Reason::Novel));
    assert_eq!(why(&scored([0.8, 0.1, 0.1], 0.9), &policy(false)), Some(Reason::BelowThreshold));
    let strict = Policy { least_margin: 0.95, ..policy(false) };
    assert_eq!(why(&sure, &strict), Some(Reason::Close));
    let cold = Policy { threshold: Threshold::closed(TARGET), ..policy(false) };
    assert_eq!(why(&sure, &cold), Some(Reason::NoThreshold));
    let suspended = Policy { standing: BTreeMap::from([(0, Standing::Suspended)]), ..policy(false) };
    assert_eq!(why(&sure, &suspended), Some(Reason::Suspended));
    let of_the_label = Policy { by_label: BTreeMap::from([(0, Threshold::closed(TARGET))]), ..policy(false) };
    assert_eq!(why(&sure, &of_the_label), Some(Reason::NoThreshold));
    let truths: Vec<(u32, f64)> = (0..100).map(|_| (0, 0.99)).collect();
    let odd = Policy { conformal: Conformal::fit(&truths, 3, 0.1), ..policy(false) };
    assert_eq!(why(&sure, &odd), Some(Reason::Ambiguous));
    for policy in [strict, cold, suspended, of_the_label, odd] {
        assert_eq!(decide(&sure, &policy).route, Route::AskPerson);
    }
}

#[test]
fn a_language_model_is_asked_among_the_possible_labels() {
    let two = decide(&scored([0.45, 0.44, 0.11], 0.9), &policy(true));
    assert_eq!(two.route, Route::AskModel(two.possible.clone()));
    assert_eq!(two.possible, [0, 1]);
    assert_eq!(
        decide(&scored([0.95, 0.03, 0.02], 0.1), &policy(true)).route,
        Route::AskModel(Vec::new()),
        "a novel record may be anything"
    );
    assert_eq!(
        decide(&scored([0.34, 0.33, 0.33], 0.9), &policy(true)).route,
        Route::AskModel(Vec::new()),
        "an empty set excludes nothing"
    );
}

#[test]
fn the_same_versions_and_inputs_give_the_same_decision_to_a_bit() {
    const DIMENSIONS: usize = 24;
    let run = || -> (String, Vec<Decision>) {
        let mut chance = Chance(21);
        let centres: Vec<Vec<f32>> = (0..3).map(|_| chance.vector(DIMENSIONS)).collect();
        let mut memory = Memory::new(DIMENSIONS);
        let mut model = Model::blank(3, DIMENSIONS, ModelSettings::default());
        let mut decisions = Vec::new();
        for n in 0..240_u128 {
            let label = chance.below(3) as u32;
            let vector = chance.near(&centres[label as usize], 0.25);
            decisions.push(decide(&model.score(&memory, &vector), &policy(true)));
            if n % 3 == 0 {
                assert!(memory.learn(Uuid::from_u128(n), label, &vector));
            } else {
                assert!(memory.notice(Uuid::from_u128(n), &vector));
            }
            if n % 60 == 59 {
                model = model.fit(&memory, &[]);
                model.infer(&mut memory);
            }
        }
        (model.version().to_owned(), decisions)
    };
    let (first, again) = (run(), run());
    assert_eq!(first, again);
    assert!(
        first.1.iter().any(|decision| decision.route == Route::Accept)
            && first.1.iter().any(|decision| decision.route != Route::Accept)
    );
}
