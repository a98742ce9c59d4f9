//! What a tenant's model looks things up in: decided records, and undecided ones with what was inferred of them.
//!
//! A decision of a person counts at once, and can be taken back; the head follows when it is fitted anew.

use std::collections::HashMap;

use uuid::Uuid;

use crate::index::{Index, Neighbour};

/// Labels with a share each, the largest first.
pub type Shares = Vec<(u32, f32)>;

/// What was inferred of an undecided record.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// Its labels.
    pub shares: Shares,
    /// How much of what it hears comes from decided records in the end, from 0 to 1. Records of a kind that nobody has
    /// decided hear each other.
    pub reach: f32,
}

/// What of a record is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its vector, of length one.
    pub vector: &'a [f32],
    /// Its words, as [`crate::words::words_of`] gives them; they may be left out.
    pub words: &'a [u32],
}

impl<'a> From<&'a Vec<f32>> for Seen<'a> {
    fn from(vector: &'a Vec<f32>) -> Self {
        Self { vector, words: &[] }
    }
}

/// Decided and undecided records of one tenant under one embedding model.
#[derive(Clone, Debug)]
pub struct Memory {
    decided: Index,
    undecided: Index,
    inferred: HashMap<Uuid, Inferred>,
    words: HashMap<Uuid, Box<[u32]>>,
}

/// Stands in the index for the label that an undecided record does not have.
const NO_LABEL: u32 = u32::MAX;

impl Memory {
    /// A memory of nothing.
    pub fn new(dimensions: usize) -> Self {
        Self {
            decided: Index::new(dimensions),
            undecided: Index::new(dimensions),
            inferred: HashMap::new(),
            words: HashMap::new(),
        }
    }

    /// A person decided this record. Said twice it counts once; said otherwise the last word counts.
    #[must_use]
    pub fn learn<'a>(&mut self, id: Uuid, label: u32, seen: impl Into<Seen<'a>>) -> bool {
        let seen = seen.into();
        let fits = self.decided.insert(id, label, seen.vector);
        if fits {
            self.drop_undecided(id);
            self.words.insert(id, seen.words.into());
        }
        fits
    }

    /// The decision was taken back, or the record removed.
    pub fn forget(&mut self, id: Uuid) -> bool {
        self.words.remove(&id);
        self.drop_undecided(id) | self.decided.remove(id)
    }

    /// A record that nobody has decided yet; a decided one stays decided.
    #[must_use]
    pub fn notice(&mut self, id: Uuid, vector: &[f32]) -> bool {
        self.decided.contains(id) || self.undecided.insert(id, NO_LABEL, vector)
    }

    /// What was inferred of undecided records, in place of what was inferred before.
    pub fn infer(&mut self, inferred: HashMap<Uuid, Inferred>) {
        self.inferred = inferred;
        self.inferred.retain(|id, _| self.undecided.contains(*id));
    }

    /// The decided records.
    pub fn decided(&self) -> &Index {
        &self.decided
    }

    /// The undecided records.
    pub fn undecided(&self) -> &Index {
        &self.undecided
    }

    /// The words of a decided record.
    pub fn words(&self, id: Uuid) -> &[u32] {
        self.words.get(&id).map(|words| &words[..]).unwrap_or_default()
    }

    /// What was inferred of this record.
    pub fn inferred(&self, id: Uuid) -> Option<&Inferred> {
        self.inferred.get(&id)
    }

    /// The decided and the undecided records nearest to a vector. Undecided ones of which nothing was inferred are left out.
    pub(crate) fn nearest(&self, vector: &[f32], count: usize) -> (Vec<Neighbour>, Vec<(Neighbour, &Inferred)>) {
        let undecided = self.undecided.nearest(vector, count).into_iter();
        let known = undecided.filter_map(|neighbour| Some((neighbour, self.inferred.get(&neighbour.id)?))).collect();
        (self.decided.nearest(vector, count), known)
    }

    /// Rises with every change of what is decided.
    pub fn version(&self) -> u64 {
        self.decided.version()
    }

    /// The memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        let one =
            |inferred: &Inferred| inferred.shares.capacity() * size_of::<(u32, f32)>() + size_of::<(Uuid, Inferred)>();
        let words = |words: &[u32]| size_of_val(words) + size_of::<(Uuid, Box<[u32]>)>();
        self.decided.bytes()
            + self.undecided.bytes()
            + self.inferred.values().map(one).sum::<usize>()
            + self.words.values().map(|one| words(one)).sum::<usize>()
    }

    fn drop_undecided(&mut self, id: Uuid) -> bool {
        self.inferred.remove(&id);
        self.undecided.remove(id)
    }
}
