//! Time as a parameter: services read it from their `App`, tests move it by hand.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Duration, Utc};

use crate::DateTime;

/// A source of the current time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current time in UTC.
    fn now(&self) -> DateTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime {
        // PostgreSQL keeps microseconds; more would not survive a round trip.
        chrono::SubsecRound::trunc_subsecs(Utc::now(), 6)
    }
}

/// A clock that stands still until told to move.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime>>);

impl ManualClock {
    /// Starts at the given time.
    #[must_use]
    pub fn at(time: DateTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Moves the clock forward by `by`.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
