//! Timers. Each does its work in bounded steps and goes on after a failure.

use std::time::Duration;

use db::DbError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;

const EVERY: Duration = Duration::from_secs(600);
/// The contract promises 24 hours; a day more covers clients whose clocks and queues lag.
const KEEP_HOURS: i64 = 48;
const STEP: i64 = 1_000;

/// Forgets answers that were kept for repeated requests, once nobody may ask for them.
pub(crate) async fn forget_idempotency_keys(app: App, shutdown: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = forget(&app, &shutdown).await {
            tracing::warn!(%error, "idempotency keys were not forgotten; the next round tries again");
        }
    }
}

async fn forget(app: &App, shutdown: &CancellationToken) -> Result<(), DbError> {
    let before = app.clock.now() - chrono::Duration::hours(KEEP_HOURS);
    while !shutdown.is_cancelled() {
        let gone = app.db.system(async |connection| db::idempotency::prune(connection, before, STEP).await).await?;
        if i64::try_from(gone).unwrap_or(i64::MAX) < STEP {
            break;
        }
    }
    Ok(())
}
