//! Waiting for a label that its creator knows of and this service does not yet.
//!
//! Labels are processing's; this service hears of them over the bus. Whoever creates a label and overrides with it
//! the next moment is answered 201 by processing before LABEL_CREATED has arrived here, so a miss is no proof. The
//! wait is only for misses, holds no transaction, and is short: past it the label does not exist. Asking processing
//! over HTTP instead would tie every override to its being up.

use std::sync::Arc;
use std::time::Duration;

use common::TenantId;
use db::DbError;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::store::labels;

/// Longest wait for a label's event.
const PATIENCE: Duration = Duration::from_secs(2);
/// The consumer may run in another process, whose notifications are not heard here.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Tells those who wait that labels arrived in this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelArrivals(Arc<Notify>);

impl LabelArrivals {
    /// Wakes everybody who waits; to be called after the labels are committed.
    pub(crate) fn announce(&self) {
        self.0.notify_waiters();
    }
}

/// Whether the label is known, or becomes known within the patience.
pub(crate) async fn label_arrives(app: &App, tenant: TenantId, name: &str) -> Result<bool, DbError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // Listening begins before the look, so that an arrival between the two is not missed.
        let mut arrival = std::pin::pin!(app.label_arrivals.0.notified());
        arrival.as_mut().enable();
        let known = app.db.tenant(tenant, async |connection| labels::find_by_name(connection, tenant, name).await);
        if known.await?.is_some() {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        // Woken or not, the state is what counts.
        let _ = timeout_at(deadline.min(Instant::now() + LOOK_AGAIN), arrival).await;
    }
}
