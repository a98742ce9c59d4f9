//! Records outside of every label: whole labels are left out, and their records must not be accepted.
//!
//! Twice: with the left-out labels' records in the undecided stream, as in a running system a new kind of record is soon,
//! and without, when the first ones come.

use anyhow::Result;
use learning::confidence::novelty::familiarity;
use learning::{Memory, Model, Route, Scored, decide};
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
    /// Examples a label; none means all there are.
    pub(crate) examples: Option<usize>,
    pub(crate) labels_left_out: usize,
    /// With others of their kind in the stream.
    pub(crate) in_stream: Parting,
    /// The first of their kind.
    pub(crate) first: Parting,
}

/// One way of seeing them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parting {
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

impl Parting {
    fn mean(all: &[Self]) -> Self {
        let over = |value: fn(&Self) -> f64| mean(&all.iter().map(value).collect::<Vec<_>>());
        Self {
            auroc: over(|one| one.auroc),
            auroc_by_probability: over(|one| one.auroc_by_probability),
            auroc_by_neighbour: over(|one| one.auroc_by_neighbour),
            auroc_by_reach: over(|one| one.auroc_by_reach),
            accepted_unknown: over(|one| one.accepted_unknown),
            accepted_known: over(|one| one.accepted_known),
        }
    }
}

/// Measures over all seeds.
pub(crate) fn measure(
    world: &World,
    examples: Option<usize>,
    seeds: &[u64],
    settings: &Settings,
) -> Result<OutOfScope> {
    let (mut in_stream, mut first) = (Vec::new(), Vec::new());
    for seed in seeds {
        let task = Task::make(world, examples, *seed, settings.held_out);
        in_stream.push(task.run(world, settings, true)?);
        first.push(task.run(world, settings, false)?);
    }
    Ok(OutOfScope {
        examples,
        labels_left_out: left_out(world),
        in_stream: Parting::mean(&in_stream),
        first: Parting::mean(&first),
    })
}

fn left_out(world: &World) -> usize {
    ((world.data.names.len() as f64 * LEFT_OUT).round() as usize).max(1)
}

/// Which records are learnt from, seen, and tried.
struct Task {
    out: Vec<u32>,
    decided: Vec<usize>,
    stream: Vec<usize>,
    held_out: Vec<usize>,
}

impl Task {
    fn make(world: &World, examples: Option<usize>, seed: u64, held_out: usize) -> Self {
        let mut order: Vec<u32> = (0..world.data.names.len() as u32).collect();
        order.shuffle(&mut StdRng::seed_from_u64(seed ^ 0x5_c09e));
        order.truncate(left_out(world));
        let is_out = |record: &usize| order.contains(&world.data.labels[*record]);
        let split = world.data.split(seed, held_out);
        let (unasked, decided): (Vec<usize>, Vec<usize>) = split.sample(examples).into_iter().partition(is_out);
        let stream = split.rest(examples).into_iter().chain(unasked).collect();
        Self { decided, stream, held_out: split.held_out, out: order }
    }

    fn is_out(&self, world: &World, record: usize) -> bool {
        self.out.contains(&world.data.labels[record])
    }

    fn run(&self, world: &World, settings: &Settings, kinds_in_stream: bool) -> Result<Parting> {
        let labels = world.data.names.len();
        let mut memory = Memory::new(world.dimensions);
        for record in &self.decided {
            world.teach(&mut memory, *record)?;
        }
        let descriptions: Vec<_> =
            world.descriptions.iter().filter(|description| !self.out.contains(&description.label)).cloned().collect();
        let model = Model::blank(labels, world.dimensions, world.settings).fit(&memory, &descriptions);
        let stream = self.stream.iter().copied().filter(|record| kinds_in_stream || !self.is_out(world, *record));
        world.show(&mut memory, &stream.collect::<Vec<_>>())?;
        model.infer(&mut memory);
        let (unknown, known): (Vec<usize>, Vec<usize>) =
            self.held_out.iter().partition(|record| self.is_out(world, **record));
        // Thresholds come from one half of the known records, the other half is tried.
        let half = |parity: usize| known.iter().copied().skip(parity).step_by(2).collect::<Vec<_>>();
        let closed = score(world, &model, &memory, &half(0));
        let tried = score(world, &model, &memory, &half(1));
        let unknown = score(world, &model, &memory, &unknown);
        let policy = acceptance::policy(&closed, labels, settings);
        let accepted = |records: &[(u32, Scored)]| {
            share(records.iter().filter(|one| decide(&one.1, &policy).route == Route::Accept).count(), records.len())
        };
        let part = |measure: fn(&Scored) -> f64| {
            let of = |records: &[(u32, Scored)]| records.iter().map(|one| measure(&one.1)).collect::<Vec<_>>();
            auroc(&of(&tried), &of(&unknown))
        };
        Ok(Parting {
            auroc: part(familiarity),
            auroc_by_probability: part(|scored| scored.score),
            auroc_by_neighbour: part(|scored| scored.similarity),
            auroc_by_reach: part(|scored| scored.reach),
            accepted_unknown: accepted(&unknown),
            accepted_known: accepted(&tried),
        })
    }
}
