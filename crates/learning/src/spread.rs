//! What decided records say of undecided ones like them.
//!
//! Label spreading (Zhou et al. 2004, "Learning with local and global consistency") over the graph of nearest neighbours:
//! each undecided record takes the mean of its neighbours' labels, again and again, beginning with what the head thinks,
//! while decided records keep theirs. A tenant's unlabelled stream thus shows where the labels' borders run. Runs in the
//! background, at the cost of one search for each record.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::index::Index;
use crate::memory::{Inferred, Shares};
use crate::vector::{add_scaled, widest};

/// What is left of a decided record's say at each step away from it.
const FADING: f32 = 0.97;

/// How labels spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpreadSettings {
    /// How many neighbours a record has.
    pub neighbours: usize,
    /// How fast a neighbour's say falls with its distance.
    pub sharpness: f64,
    /// The neighbours' share in a record's label; the rest is the head's.
    pub trust: f64,
    /// How often labels pass on.
    pub rounds: usize,
    /// How many labels of a record are remembered.
    pub kept: usize,
}

impl Default for SpreadSettings {
    fn default() -> Self {
        Self { neighbours: 10, sharpness: 15.0, trust: 0.9, rounds: 15, kept: 8 }
    }
}

impl SpreadSettings {
    /// How much a neighbour of this similarity counts.
    pub fn say(&self, similarity: f32) -> f64 {
        libm::exp(self.sharpness * (f64::from(similarity) - 1.0))
    }
}

/// Infers the labels of every undecided record. `guess` is the head's opinion of a vector.
pub fn spread(
    decided: &Index,
    undecided: &Index,
    labels: usize,
    settings: &SpreadSettings,
    guess: impl Fn(&[f32]) -> Vec<f64>,
) -> HashMap<Uuid, Inferred> {
    let graph = Graph::build(decided, undecided, settings);
    let fixed = decided.len();
    let mut start = vec![0.0_f32; graph.edges.len() * labels];
    for ((_, label, _), row) in decided.exemplars().iter().zip(start.chunks_exact_mut(labels)) {
        row[*label as usize] = 1.0;
    }
    let undecided = undecided.exemplars();
    for ((_, _, vector), row) in undecided.iter().zip(start[fixed * labels..].chunks_exact_mut(labels)) {
        row.iter_mut().zip(guess(vector)).for_each(|(share, guessed)| *share = guessed as f32);
    }
    let mut shares = start.clone();
    for _ in 0..settings.rounds {
        shares = graph.pass_on(&shares, &start, fixed, labels, settings.trust as f32);
    }
    let reach = graph.reach(fixed, settings.rounds);
    let rows = shares[fixed * labels..].chunks_exact(labels).zip(&reach[fixed..]);
    let inferred = rows.map(|(row, reach)| Inferred { shares: largest(row, settings.kept), reach: *reach });
    undecided.iter().map(|exemplar| exemplar.0).zip(inferred).collect()
}

/// Who listens to whom, and how much.
struct Graph {
    edges: Vec<Vec<(usize, f32)>>,
}

impl Graph {
    /// The nearest neighbours of every record, in both directions, each weight divided by the root of both ends' sums.
    fn build(decided: &Index, undecided: &Index, settings: &SpreadSettings) -> Self {
        let nodes: Vec<_> = decided.exemplars().into_iter().chain(undecided.exemplars()).collect();
        let places: HashMap<Uuid, usize> = nodes.iter().enumerate().map(|(place, node)| (node.0, place)).collect();
        let mut edges: Vec<Vec<(usize, f32)>> = vec![Vec::new(); nodes.len()];
        for (place, (id, _, vector)) in nodes.iter().enumerate() {
            // One more than wanted: the record itself is its own nearest.
            let mut near = decided.nearest(vector, settings.neighbours + 1);
            near.extend(undecided.nearest(vector, settings.neighbours + 1));
            near.retain(|neighbour| neighbour.id != *id);
            near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
            for neighbour in near.iter().take(settings.neighbours) {
                let (other, say) = (places[&neighbour.id], settings.say(neighbour.similarity) as f32);
                edges[place].push((other, say));
                edges[other].push((place, say));
            }
        }
        for own in &mut edges {
            own.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            own.dedup_by_key(|edge| edge.0);
        }
        let sums: Vec<f32> = edges.iter().map(|own| own.iter().map(|edge| edge.1).sum()).collect();
        for (own, sum) in edges.iter_mut().zip(&sums) {
            own.iter_mut().for_each(|(other, say)| *say /= (sum * sums[*other]).sqrt());
        }
        Self { edges }
    }

    fn pass_on(&self, shares: &[f32], start: &[f32], fixed: usize, labels: usize, trust: f32) -> Vec<f32> {
        let mut next = start.to_vec();
        widest(
            #[inline(always)]
            || {
                for (own, row) in self.edges.iter().zip(next.chunks_exact_mut(labels)).skip(fixed) {
                    for share in row.iter_mut() {
                        *share *= 1.0 - trust;
                    }
                    for (other, say) in own {
                        add_scaled(row, trust * say, &shares[other * labels..(other + 1) * labels]);
                    }
                }
            },
        );
        next
    }
}

impl Graph {
    /// The probability that a walk from each record, along its neighbours' say, ends at a decided one, fading on the way.
    fn reach(&self, fixed: usize, rounds: usize) -> Vec<f32> {
        let at_start = |place: usize| if place < fixed { 1.0 } else { 0.0 };
        let mut reach: Vec<f32> = (0..self.edges.len()).map(at_start).collect();
        for _ in 0..rounds {
            let walked = |own: &Vec<(usize, f32)>| {
                let (heard, sum) =
                    own.iter().fold((0.0, 0.0), |(heard, sum), (other, say)| (heard + say * reach[*other], sum + say));
                if sum > 0.0 { FADING * heard / sum } else { 0.0 }
            };
            let next: Vec<f32> = self.edges.iter().skip(fixed).map(walked).collect();
            reach.truncate(fixed);
            reach.extend(next);
        }
        reach
    }
}

fn largest(row: &[f32], kept: usize) -> Shares {
    let mut shares: Shares = (0..).zip(row.iter().copied()).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares.truncate(kept);
    let sum: f32 = shares.iter().map(|share| share.1).sum();
    if sum > 0.0 {
        shares.iter_mut().for_each(|share| share.1 /= sum);
    }
    shares
}
