//! The later stages: what rules leave open is queued in their transaction, and decided here outside of any.
//!
//! A worker claims records under a lease, embeds and scores them, and makes the decision in one transaction that also
//! ends the wait. Killed at any moment, it leaves records whose lease runs out; another claims them again, and no
//! decision is made twice. A stage that does not answer ends with a person and the reason, never with a wait for ever.

mod batch;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use db::{Connection, DbError};
use tokio::sync::Notify;

use crate::domain::pending::Pending;
use crate::settings::EmbeddingsSettings;
use crate::store::pending_decisions;

pub(crate) use worker::run;

/// Workers in a process: while one waits for the database, another embeds.
pub(crate) const WORKERS: usize = 2;

/// The queue as the rest of the service sees it.
#[derive(Clone, Debug)]
pub(crate) struct Cascade {
    wake: Arc<Notify>,
    lease: Duration,
}

impl Cascade {
    pub(crate) fn new(settings: &EmbeddingsSettings) -> Self {
        Self { wake: Arc::default(), lease: Duration::from_secs(settings.lease_seconds.into()) }
    }

    /// Queues the records on the caller's connection, in place of an earlier wait of the same ones.
    pub(crate) async fn put(&self, connection: &mut Connection, pending: &[Pending]) -> Result<(), DbError> {
        if pending.is_empty() {
            return Ok(());
        }
        pending_decisions::put(connection, pending).await?;
        // Not committed yet; a woken worker that finds nothing looks again after a few milliseconds.
        self.wake.notify_one();
        Ok(())
    }
}
