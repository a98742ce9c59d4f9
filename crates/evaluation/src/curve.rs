//! The learning curve: what each number of examples a label gives, and what of it each ingredient brings.

use std::time::Instant;

use anyhow::Result;
use learning::{Memory, Model, Scored};
use serde::Serialize;

use crate::acceptance::{self, Acceptance};
use crate::measures::{self, mean};
use crate::world::World;

/// One number of examples a label, over all seeds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Point {
    /// Examples a label; none means all there are.
    pub(crate) examples: Option<usize>,
    pub(crate) learnt_from: usize,
    /// Right predictions with the undecided rest of the file known, as in a running system.
    pub(crate) accuracy: f64,
    pub(crate) macro_f1: f64,
    pub(crate) accuracies: Vec<f64>,
    pub(crate) ingredients: Ingredients,
    pub(crate) acceptance: Acceptance,
    pub(crate) timing: Timing,
}

/// Accuracy of parts of the pipeline, for comparison.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ingredients {
    /// The fitted head by itself.
    pub(crate) head: f64,
    /// Head and decided neighbours.
    pub(crate) head_and_neighbours: f64,
    /// And what spread to undecided records: the whole.
    pub(crate) with_undecided: f64,
}

/// How long the steps took.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Timing {
    pub(crate) fit_seconds: f64,
    pub(crate) infer_seconds: f64,
    pub(crate) score_microseconds: f64,
}

/// What one seed gives.
pub(crate) struct Run {
    pub(crate) pairs: Vec<(u32, u32)>,
    pub(crate) scored: Vec<(u32, Scored)>,
    ingredients: Ingredients,
    timing: Timing,
    learnt_from: usize,
}

/// Measures one number of examples.
pub(crate) fn point(
    world: &World,
    examples: Option<usize>,
    seeds: &[u64],
    settings: &acceptance::Settings,
) -> Result<(Point, Vec<Run>)> {
    let runs = seeds.iter().map(|seed| run(world, examples, *seed, settings.held_out)).collect::<Result<Vec<_>>>()?;
    let over = |value: fn(&Run) -> f64| mean(&runs.iter().map(value).collect::<Vec<_>>());
    let accuracies: Vec<f64> = runs.iter().map(|run| measures::accuracy(&run.pairs)).collect();
    let f1s: Vec<f64> =
        runs.iter().map(|run| measures::macro_f1(&measures::per_label(&run.pairs, &world.data.names))).collect();
    let accepted: Vec<Acceptance> =
        runs.iter().map(|run| acceptance::measure(&run.scored, world.data.names.len(), settings)).collect();
    let point = Point {
        examples,
        learnt_from: runs.first().map_or(0, |run| run.learnt_from),
        accuracy: mean(&accuracies),
        macro_f1: mean(&f1s),
        accuracies,
        ingredients: Ingredients {
            head: over(|run| run.ingredients.head),
            head_and_neighbours: over(|run| run.ingredients.head_and_neighbours),
            with_undecided: over(|run| run.ingredients.with_undecided),
        },
        acceptance: Acceptance::mean(&accepted),
        timing: Timing {
            fit_seconds: over(|run| run.timing.fit_seconds),
            infer_seconds: over(|run| run.timing.infer_seconds),
            score_microseconds: over(|run| run.timing.score_microseconds),
        },
    };
    Ok((point, runs))
}

fn run(world: &World, examples: Option<usize>, seed: u64, held_out: usize) -> Result<Run> {
    let split = world.data.split(seed, held_out);
    let sample = split.sample(examples);
    let began = Instant::now();
    let (model, mut memory) = world.learn(&sample)?;
    let fit_seconds = began.elapsed().as_secs_f64();
    let head = head_accuracy(world, &model, &split.held_out);
    let before = measures::accuracy(&pairs(&score(world, &model, &memory, &split.held_out)));
    world.show(&mut memory, &split.rest(examples))?;
    let began = Instant::now();
    model.infer(&mut memory);
    let infer_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let scored = score(world, &model, &memory, &split.held_out);
    let score_microseconds = began.elapsed().as_secs_f64() * 1e6 / scored.len().max(1) as f64;
    let pairs = pairs(&scored);
    let ingredients = Ingredients { head, head_and_neighbours: before, with_undecided: measures::accuracy(&pairs) };
    let timing = Timing { fit_seconds, infer_seconds, score_microseconds };
    Ok(Run { pairs, scored, ingredients, timing, learnt_from: sample.len() })
}

/// The true label and the score of each record.
pub(crate) fn score(world: &World, model: &Model, memory: &Memory, records: &[usize]) -> Vec<(u32, Scored)> {
    records.iter().map(|record| (world.data.labels[*record], model.score(memory, world.seen(*record)))).collect()
}

fn pairs(scored: &[(u32, Scored)]) -> Vec<(u32, u32)> {
    scored.iter().map(|(truth, scored)| (*truth, scored.top)).collect()
}

// A memory of nothing leaves the head alone.
fn head_accuracy(world: &World, model: &Model, records: &[usize]) -> f64 {
    measures::accuracy(&pairs(&score(world, model, &Memory::new(world.dimensions), records)))
}
