//! Words beside vectors.

use learning::words::WordHead;
use learning::{FitSettings, Memory, Model, ModelSettings, Seen, words_of};
use uuid::Uuid;

use crate::chance::Chance;

const DIMENSIONS: usize = 16;

#[test]
fn words_and_pairs_are_hashed_whatever_their_case_and_marks() {
    assert_eq!(words_of("Top-up FAILED, top up"), words_of("top up failed top up"));
    assert_eq!(words_of("a b c"), Vec::<u32>::new(), "single letters say nothing");
    assert_eq!(words_of("card card").len(), 3, "two words and a pair");
    assert_ne!(words_of("new card"), words_of("card new"));
    assert!(words_of("ŻÓŁĆ gęś").len() == 3 && words_of("żółć GĘŚ") == words_of("ŻÓŁĆ gęś"));
}

#[test]
fn one_word_tells_labels_apart_whose_vectors_are_alike() {
    let mut chance = Chance(31);
    let centre = chance.vector(DIMENSIONS);
    let mut memory = Memory::new(DIMENSIONS);
    let text = |n: u128, label: u32| {
        format!("my payment {n} is {} since monday", if label == 0 { "pending" } else { "declined" })
    };
    for n in 0..120_u128 {
        let label = (n % 2) as u32;
        let seen = Seen { vector: &chance.near(&centre, 0.05), words: &words_of(&text(n, label)) };
        assert!(memory.learn(Uuid::from_u128(n), label, seen));
    }
    let model = Model::blank(2, DIMENSIONS, ModelSettings::default()).fit(&memory, &[]);
    for n in 200..240_u128 {
        let label = (n % 2) as u32;
        let vector = chance.near(&centre, 0.05);
        let with = model.score(&memory, Seen { vector: &vector, words: &words_of(&text(n, label)) }).probabilities
            [label as usize];
        let without = model.score(&memory, &vector).probabilities[label as usize];
        assert!(with > without + 0.05, "{with} with words, {without} without");
    }
}

#[test]
fn words_that_are_not_known_say_nothing() {
    let words = [
        words_of("refund my money"),
        words_of("refund my order"),
        words_of("parcel is late"),
        words_of("parcel got lost"),
    ];
    let exemplars: Vec<(&[u32], u32)> = words.iter().map(Vec::as_slice).zip([0, 0, 1, 1]).collect();
    let head = WordHead::fit(&exemplars, 2, FitSettings::default());
    assert_eq!(head.probabilities(&words_of("completely other things")), None);
    assert!(head.probabilities(&words_of("where is the parcel")).unwrap()[1] > 0.6);
    assert_eq!(WordHead::fit(&[], 2, FitSettings::default()).probabilities(&words[0]), None);
}
