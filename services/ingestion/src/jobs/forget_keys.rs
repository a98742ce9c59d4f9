//! Forgets answers kept for `Idempotency-Key` once nobody may ask for them any more.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;

const EVERY: Duration = Duration::from_secs(600);
const BATCH: i64 = 1_000;
/// The contract keeps them for a day; an hour more is for clocks that differ.
const KEPT: TimeDelta = TimeDelta::hours(25);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let before = app.clock.now() - KEPT;
        let forgotten = app.db.system(async |connection| db::idempotency::prune(connection, before, BATCH).await).await;
        match forgotten {
            Ok(count) if i64::try_from(count).is_ok_and(|count| count == BATCH) => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old idempotency keys are not forgotten now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(EVERY) => {}
        }
    }
}
