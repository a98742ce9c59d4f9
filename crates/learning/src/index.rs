//! A tenant's exemplars, searched exactly.
//!
//! One byte a dimension is scanned in one piece of memory, and the best few are scored anew in f32. Answers do not depend
//! on the order in which exemplars came. The database is the truth; this is built from it and can be thrown away.

use std::cmp::Ordering;
use std::collections::HashMap;

use uuid::Uuid;

use crate::vector::{dot, dot_small, quantise, widest};

/// So many times more candidates are scored in f32 than were asked for.
const RESCORED: usize = 4;
/// Below this many candidates the byte's coarseness could hide a neighbour.
const LEAST_RESCORED: usize = 40;

/// An exemplar near a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The exemplar.
    pub id: Uuid,
    /// Its label's number.
    pub label: u32,
    /// Cosine of the two vectors.
    pub similarity: f32,
}

/// Exemplars of one tenant under one embedding model.
#[derive(Clone, Debug)]
pub struct Index {
    dimensions: usize,
    version: u64,
    ids: Vec<Uuid>,
    labels: Vec<u32>,
    scales: Vec<f32>,
    small: Vec<i8>,
    full: Vec<f32>,
    places: HashMap<Uuid, usize>,
}

impl Index {
    /// An index without exemplars.
    pub fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            version: 0,
            ids: Vec::new(),
            labels: Vec::new(),
            scales: Vec::new(),
            small: Vec::new(),
            full: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Puts an exemplar in, or in the place of the one with its id. The vector must have length one and the index's
    /// dimensions; false, and nothing changed, when it has not.
    #[must_use]
    pub fn insert(&mut self, id: Uuid, label: u32, vector: &[f32]) -> bool {
        if vector.len() != self.dimensions || vector.iter().any(|value| !value.is_finite()) {
            return false;
        }
        self.remove(id);
        let (small, scale) = quantise(vector);
        self.places.insert(id, self.ids.len());
        self.ids.push(id);
        self.labels.push(label);
        self.scales.push(scale);
        self.small.extend(small);
        self.full.extend_from_slice(vector);
        self.version += 1;
        true
    }

    /// Takes an exemplar out; false when it was not there.
    pub fn remove(&mut self, id: Uuid) -> bool {
        let Some(place) = self.places.remove(&id) else { return false };
        let last = self.ids.len() - 1;
        self.ids.swap_remove(place);
        self.labels.swap_remove(place);
        self.scales.swap_remove(place);
        move_row(&mut self.small, self.dimensions, last, place);
        move_row(&mut self.full, self.dimensions, last, place);
        if let Some(moved) = self.ids.get(place) {
            self.places.insert(*moved, place);
        }
        self.version += 1;
        true
    }

    /// The exemplars nearest to a vector of length one, the nearest first; equal ones by id.
    pub fn nearest(&self, vector: &[f32], count: usize) -> Vec<Neighbour> {
        if vector.len() != self.dimensions || count == 0 {
            return Vec::new();
        }
        let mut found: Vec<Neighbour> =
            self.shortlist(vector, count).into_iter().map(|place| self.neighbour(place, vector)).collect();
        found.sort_by(nearer);
        found.truncate(count);
        found
    }

    /// Whether an exemplar of this id is in it.
    pub fn contains(&self, id: Uuid) -> bool {
        self.places.contains_key(&id)
    }

    /// How many exemplars it holds.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Rises with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Every exemplar with its label and vector, by id.
    pub fn exemplars(&self) -> Vec<(Uuid, u32, &[f32])> {
        let mut all: Vec<_> =
            (0..self.len()).map(|place| (self.ids[place], self.labels[place], self.row(place))).collect();
        all.sort_by_key(|exemplar| exemplar.0);
        all
    }

    /// The memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        let place = size_of::<Uuid>() + size_of::<usize>() + 1;
        self.small.capacity()
            + self.full.capacity() * size_of::<f32>()
            + self.ids.capacity() * size_of::<Uuid>()
            + self.labels.capacity() * size_of::<u32>()
            + self.scales.capacity() * size_of::<f32>()
            + self.places.capacity() * place * 8 / 7
    }

    fn shortlist(&self, vector: &[f32], count: usize) -> Vec<usize> {
        let wanted = count.saturating_mul(RESCORED).max(LEAST_RESCORED);
        if self.len() <= wanted {
            return (0..self.len()).collect();
        }
        let (query, _) = quantise(vector);
        let rows = self.small.chunks_exact(self.dimensions).zip(&self.scales);
        let mut scored: Vec<(f32, usize)> = Vec::with_capacity(self.len());
        widest(
            #[inline(always)]
            || {
                for (place, (row, scale)) in rows.enumerate() {
                    scored.push((dot_small(row, &query) as f32 * scale, place));
                }
            },
        );
        let better =
            |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then_with(|| self.ids[a.1].cmp(&self.ids[b.1]));
        scored.select_nth_unstable_by(wanted - 1, better);
        scored[..wanted].iter().map(|scored| scored.1).collect()
    }

    fn neighbour(&self, place: usize, vector: &[f32]) -> Neighbour {
        Neighbour { id: self.ids[place], label: self.labels[place], similarity: dot(self.row(place), vector) }
    }

    fn row(&self, place: usize) -> &[f32] {
        &self.full[place * self.dimensions..(place + 1) * self.dimensions]
    }
}

fn nearer(a: &Neighbour, b: &Neighbour) -> Ordering {
    b.similarity.total_cmp(&a.similarity).then_with(|| a.id.cmp(&b.id))
}

fn move_row<T: Copy>(rows: &mut Vec<T>, width: usize, from: usize, to: usize) {
    rows.copy_within(from * width..(from + 1) * width, to * width);
    rows.truncate(from * width);
}
