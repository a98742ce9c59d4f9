//! The buckets of one quota, so many and no more.
//!
//! `governor` brings stores of its own, which grow with the number of callers. Here a full part first forgets
//! buckets that are full again, which changes nothing; callers beyond share one bucket.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::clock::{Clock, Reference as _};
use governor::nanos::Nanos;
use governor::state::StateStore;

/// Parts that are locked by themselves, so that workers seldom wait for each other.
const PARTS: usize = 64;

/// When each caller's bucket is full again, in nanoseconds since the beginning.
pub(crate) struct Buckets<C: Clock> {
    parts: Box<[Mutex<HashMap<u128, u64>>]>,
    most_in_part: usize,
    crowd: Mutex<u64>,
    hasher: RandomState,
    clock: C,
    began: C::Instant,
}

impl<C: Clock> Buckets<C> {
    /// No buckets yet, and never more than `most`.
    pub(crate) fn new(most: usize, clock: C) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            most_in_part: most.div_ceil(PARTS),
            crowd: Mutex::default(),
            hasher: RandomState::new(),
            began: clock.now(),
            clock,
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| locked(part).len()).sum()
    }

    fn part(&self, key: u128) -> MutexGuard<'_, HashMap<u128, u64>> {
        let hash = self.hasher.hash_one(key);
        locked(&self.parts[usize::try_from(hash % PARTS as u64).unwrap_or_default()])
    }
}

impl<C: Clock> StateStore for Buckets<C> {
    type Key = u128;

    fn measure_and_replace<T, F, E>(&self, key: &u128, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut part = self.part(*key);
        if let Some(full_at) = part.get_mut(key) {
            let (outcome, next) = measure(Some(Nanos::from(*full_at)))?;
            *full_at = next.into();
            return Ok(outcome);
        }
        if part.len() >= self.most_in_part {
            let now: u64 = self.clock.now().duration_since(self.began).into();
            part.retain(|_, full_at| *full_at > now);
        }
        if part.len() >= self.most_in_part {
            drop(part);
            let mut full_at = locked(&self.crowd);
            let (outcome, next) = measure((*full_at > 0).then(|| Nanos::from(*full_at)))?;
            *full_at = next.into();
            return Ok(outcome);
        }
        let (outcome, next) = measure(None)?;
        part.insert(*key, next.into());
        Ok(outcome)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
