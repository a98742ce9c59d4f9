//! The head, the memory, and what spreads from decided to undecided records.

use learning::{Description, Memory, Model, ModelSettings};
use uuid::Uuid;

use crate::chance::Chance;

const DIMENSIONS: usize = 32;
const LABELS: usize = 5;

/// Records around one centre a label.
struct Town {
    centres: Vec<Vec<f32>>,
    records: Vec<(Uuid, u32, Vec<f32>)>,
}

fn town(seed: u64, each: usize, spread: f64) -> Town {
    let mut chance = Chance(seed);
    let centres: Vec<Vec<f32>> = (0..LABELS).map(|_| chance.vector(DIMENSIONS)).collect();
    let records = (0..LABELS * each)
        .map(|n| {
            let label = n % LABELS;
            (Uuid::from_u128(n as u128 + 1), label as u32, chance.near(&centres[label], spread))
        })
        .collect();
    Town { centres, records }
}

fn memory<'a>(records: impl IntoIterator<Item = &'a (Uuid, u32, Vec<f32>)>) -> Memory {
    let mut memory = Memory::new(DIMENSIONS);
    for (id, label, vector) in records {
        assert!(memory.learn(*id, *label, vector));
    }
    memory
}

fn blank() -> Model {
    Model::blank(LABELS, DIMENSIONS, ModelSettings::default())
}

fn accuracy(model: &Model, memory: &Memory, records: &[(Uuid, u32, Vec<f32>)]) -> f64 {
    records.iter().filter(|(_, label, vector)| model.score(memory, vector).top == *label).count() as f64
        / records.len() as f64
}

#[test]
fn it_learns_what_it_is_shown() {
    let town = town(3, 40, 0.12);
    let (shown, new) = town.records.split_at(100);
    let memory = memory(shown);
    let model = blank().fit(&memory, &[]);
    assert!(accuracy(&model, &memory, new) > 0.95);
    assert!(accuracy(&model, &Memory::new(DIMENSIONS), new) > 0.9, "the head alone");
    let scored = model.score(&memory, &new[0].2);
    assert!((scored.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert!(scored.similarity > 0.5 && scored.margin > 0.0);
}

#[test]
fn the_order_of_decisions_does_not_matter_to_a_bit() {
    let town = town(4, 20, 0.2);
    let forwards = memory(&town.records);
    let backwards = memory(town.records.iter().rev());
    let (one, other) = (blank().fit(&forwards, &[]), blank().fit(&backwards, &[]));
    assert_eq!(one, other);
    assert_eq!(one.version(), other.version());
    let mut chance = Chance(9);
    for _ in 0..20 {
        let vector = chance.vector(DIMENSIONS);
        assert_eq!(one.score(&forwards, &vector), other.score(&backwards, &vector));
    }
}

#[test]
fn what_is_learnt_can_be_said_twice_corrected_and_taken_back() {
    let town = town(5, 10, 0.2);
    let mut memory = memory(&town.records);
    let model = blank().fit(&memory, &[]);
    let (id, label, vector) = town.records[7].clone();
    let before = model.score(&memory, &vector);
    assert!(memory.learn(id, label, &vector));
    assert_eq!(model.score(&memory, &vector), before, "said twice");
    let other = (label + 1) % LABELS as u32;
    assert!(memory.learn(id, other, &vector));
    assert!(model.score(&memory, &vector).probabilities[other as usize] > before.probabilities[other as usize] + 0.05);
    assert!(memory.forget(id));
    assert!(!memory.forget(id), "there is nothing left to forget");
    assert!(memory.learn(id, label, &vector));
    assert_eq!(model.score(&memory, &vector), before, "as if it had never been corrected");
}

#[test]
fn the_words_of_a_label_stand_in_for_examples() {
    let town = town(6, 30, 0.15);
    let words: Vec<Description> = (0..)
        .zip(&town.centres)
        .map(|(label, centre)| Description { label, vector: Chance(label.into()).near(centre, 0.05) })
        .collect();
    let nothing = Memory::new(DIMENSIONS);
    assert!(accuracy(&blank().fit(&nothing, &words), &nothing, &town.records) > 0.9);
    assert!(accuracy(&blank(), &nothing, &town.records) < 0.5, "a blank model knows nothing");
}

#[test]
fn a_label_with_few_examples_is_not_drowned_by_others() {
    let town = town(8, 60, 0.2);
    // Label 0 has 5 examples, every other one 40.
    let shown = town.records[..200].iter().enumerate().filter(|(n, record)| record.1 != 0 || *n < 25);
    let memory = memory(shown.map(|(_, record)| record));
    let model = blank().fit(&memory, &[]);
    let rare: Vec<_> = town.records[200..].iter().filter(|record| record.1 == 0).cloned().collect();
    assert!(accuracy(&model, &Memory::new(DIMENSIONS), &rare) > 0.8);
}

#[test]
fn undecided_records_carry_a_label_to_where_no_example_is() {
    // Two half circles; one record is decided at the end of each, the other end is nearer to the wrong one.
    let place = |half: usize, step: usize| {
        let angle = std::f64::consts::PI * step as f64 / 20.0;
        let (x, y) = if half == 0 { (angle.cos(), angle.sin()) } else { (1.0 - angle.cos(), 0.35 - angle.sin()) };
        let mut vector = [0.0_f32; DIMENSIONS];
        (vector[0], vector[1], vector[2]) = (x as f32, y as f32, 2.0);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        vector.iter().map(|value| value / length).collect::<Vec<f32>>()
    };
    let mut memory = Memory::new(DIMENSIONS);
    let id = |half: usize, step: usize| Uuid::from_u128((half * 100 + step + 1) as u128);
    for half in 0..2 {
        assert!(memory.learn(id(half, 0), half as u32, &place(half, 0)));
    }
    let mut settings = ModelSettings::default();
    // The scale of this small world: neighbours along the curve are near, the other half is far.
    (settings.spread.neighbours, settings.spread.sharpness, settings.spread.rounds, settings.spread.trust) =
        (4, 2_000.0, 3_000, 0.9999);
    let model = Model::blank(2, DIMENSIONS, settings).fit(&memory, &[]);
    let right = |memory: &Memory| {
        (0..2)
            .flat_map(|half| (1..=20).map(move |step| (half, step)))
            .filter(|(half, step)| model.score(memory, &place(*half, *step)).top == *half as u32)
            .count()
    };
    let without = right(&memory);
    for half in 0..2 {
        for step in 1..=20 {
            assert!(memory.notice(id(half, step), &place(half, step)));
        }
    }
    model.infer(&mut memory);
    assert!(without < 34, "alone the two examples get {without} of 40");
    assert!(right(&memory) >= 39, "{} of 40", right(&memory));
}

#[test]
fn a_decision_ends_what_was_inferred() {
    let town = town(11, 10, 0.2);
    let (shown, new) = town.records.split_at(30);
    let mut memory = memory(shown);
    let model = blank().fit(&memory, &[]);
    for (id, _, vector) in new {
        assert!(memory.notice(*id, vector));
    }
    model.infer(&mut memory);
    let (id, label, vector) = &new[0];
    assert!(memory.inferred(*id).is_some());
    assert!(memory.learn(*id, *label, vector));
    assert!(memory.inferred(*id).is_none() && !memory.undecided().contains(*id) && memory.decided().contains(*id));
    assert!(memory.notice(*id, vector), "a decided record stays decided");
    assert!(!memory.undecided().contains(*id));
    assert!(memory.bytes() > 0);
}

#[test]
fn a_stored_model_is_the_same_model() {
    let town = town(12, 10, 0.2);
    let memory = memory(&town.records);
    let model = blank().fit(&memory, &[]);
    let stored = serde_json::to_string(&model).unwrap();
    let read: Model = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, model);
    assert_eq!(read.score(&memory, &town.records[0].2), model.score(&memory, &town.records[0].2));
}

#[test]
fn records_of_a_new_kind_hear_only_each_other() {
    let town = town(13, 30, 0.15);
    // The last label was never decided by anybody; its records are in the stream all the same.
    let (known, new): (Vec<_>, Vec<_>) = town.records.iter().cloned().partition(|record| record.1 != 4);
    let mut memory = memory(&known[..60]);
    let model = Model::blank(LABELS, DIMENSIONS, ModelSettings::default()).fit(&memory, &[]);
    for (id, _, vector) in known[60..].iter().chain(&new[..25]) {
        assert!(memory.notice(*id, vector));
    }
    model.infer(&mut memory);
    let reach = |record: &(Uuid, u32, Vec<f32>)| model.score(&memory, &record.2).reach;
    let known_least = known[110..].iter().map(reach).fold(1.0, f64::min);
    let new_most = new[25..].iter().map(reach).fold(0.0, f64::max);
    assert!(known_least > new_most + 0.2, "known at least {known_least}, new at most {new_most}");
}
