//! Records outside of every label: whole labels are left out, and their records must not be accepted.

use anyhow::Result;
use learning::confidence::novelty::familiarity;
use learning::{Route, decide};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;

use crate::acceptance::{self, Settings};
use crate::curve::score;
use crate::measures::{auroc, mean, share};
use crate::world::World;

/// The share of labels that is left out.
const LEFT_OUT: f64 = 0.2;

/// How known and unknown records part.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutOfScope {
    pub(crate) labels_left_out: usize,
    /// The probability that a known record is more familiar than an unknown one.
    pub(crate) auroc: f64,
    /// The same by the highest probability, the nearest neighbour, or the reach of decisions, alone.
    pub(crate) auroc_by_probability: f64,
    pub(crate) auroc_by_neighbour: f64,
    pub(crate) auroc_by_reach: f64,
    /// The share of unknown records that was accepted all the same.
    pub(crate) accepted_unknown: f64,
    /// The share of known records that was accepted.
    pub(crate) accepted_known: f64,
}

/// Measures over all seeds. The stream of undecided records holds the left-out labels' too, as a real one would.
pub(crate) fn measure(
    world: &World,
    examples: Option<usize>,
    seeds: &[u64],
    settings: &Settings,
) -> Result<OutOfScope> {
    let runs = seeds.iter().map(|seed| run(world, examples, *seed, settings)).collect::<Result<Vec<_>>>()?;
    let over = |value: fn(&OutOfScope) -> f64| mean(&runs.iter().map(value).collect::<Vec<_>>());
    Ok(OutOfScope {
        labels_left_out: runs.first().map_or(0, |run| run.labels_left_out),
        auroc: over(|run| run.auroc),
        auroc_by_probability: over(|run| run.auroc_by_probability),
        auroc_by_neighbour: over(|run| run.auroc_by_neighbour),
        auroc_by_reach: over(|run| run.auroc_by_reach),
        accepted_unknown: over(|run| run.accepted_unknown),
        accepted_known: over(|run| run.accepted_known),
    })
}

fn run(world: &World, examples: Option<usize>, seed: u64, settings: &Settings) -> Result<OutOfScope> {
    let labels = world.data.names.len();
    let mut order: Vec<u32> = (0..labels as u32).collect();
    order.shuffle(&mut StdRng::seed_from_u64(seed ^ 0x5c0_9e));
    let left_out = &order[..((labels as f64 * LEFT_OUT).round() as usize).max(1)];
    let is_out = |record: &usize| left_out.contains(&world.data.labels[*record]);
    let split = world.data.split(seed, settings.held_out);
    let known: Vec<usize> = split.sample(examples).into_iter().filter(|record| !is_out(record)).collect();
    let mut memory = learning::Memory::new(world.dimensions);
    for record in &known {
        world.teach(&mut memory, *record)?;
    }
    let descriptions: Vec<_> =
        world.descriptions.iter().filter(|description| !left_out.contains(&description.label)).cloned().collect();
    let model = learning::Model::blank(labels, world.dimensions, world.settings).fit(&memory, &descriptions);
    world.show(&mut memory, &split.rest(examples))?;
    model.infer(&mut memory);
    let (unknown, in_scope): (Vec<usize>, Vec<usize>) = split.held_out.iter().partition(|record| is_out(record));
    // Thresholds come from one half of the known records, the other half is tried.
    let (closed, tried): (Vec<_>, Vec<_>) = in_scope.iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let scores = |records: Vec<(usize, &usize)>| {
        score(world, &model, &memory, &records.iter().map(|one| *one.1).collect::<Vec<_>>())
    };
    let (closed, tried) = (scores(closed), scores(tried));
    let unknown = score(world, &model, &memory, &unknown);
    let policy = acceptance::policy(&closed, labels, settings);
    let accepted = |records: &[(u32, learning::Scored)]| {
        share(records.iter().filter(|one| decide(&one.1, &policy).route == Route::Accept).count(), records.len())
    };
    let part = |measure: fn(&learning::Scored) -> f64| {
        let of = |records: &[(u32, learning::Scored)]| records.iter().map(|one| measure(&one.1)).collect::<Vec<_>>();
        auroc(&of(&tried), &of(&unknown))
    };
    Ok(OutOfScope {
        labels_left_out: left_out.len(),
        auroc: part(familiarity),
        auroc_by_probability: part(|scored| scored.score),
        auroc_by_neighbour: part(|scored| scored.similarity),
        auroc_by_reach: part(|scored| scored.reach),
        accepted_unknown: accepted(&unknown),
        accepted_known: accepted(&tried),
    })
}
