//! Single flight: of equal questions at the same time one is asked, and all get its answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::cache::CacheKey;
use crate::error::Unavailable;
use crate::outcome::Outcome;

/// The questions that are being asked.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<CacheKey, watch::Receiver<Option<Outcome>>>>);

/// The duty to answer. Dropped without an answer, as by a panic, it lets the waiting go.
pub(crate) struct Landing {
    flights: Arc<Flights>,
    key: CacheKey,
    sender: watch::Sender<Option<Outcome>>,
}

impl Flights {
    /// Joins a flight, and gets the duty to answer when there was none.
    pub(crate) fn join(self: &Arc<Self>, key: CacheKey) -> (watch::Receiver<Option<Outcome>>, Option<Landing>) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = flights.get(&key) {
            return (under_way.clone(), None);
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key, receiver.clone());
        (receiver, Some(Landing { flights: Arc::clone(self), key, sender }))
    }
}

impl Landing {
    pub(crate) fn answer(self, outcome: Outcome) {
        self.sender.send_replace(Some(outcome));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The answer of a flight.
pub(crate) async fn landed(mut receiver: watch::Receiver<Option<Outcome>>) -> Outcome {
    let outcome = receiver.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
    outcome.ok().flatten().unwrap_or(Outcome::Unavailable(Unavailable::Stopped))
}
