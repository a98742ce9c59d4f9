//! Forgets what cannot come again: counted events, answers to repeated requests, handled webhooks.

use std::time::Duration;

use common::DateTime;
use db::DbError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::settings::HousekeepingSettings;
use crate::store::provider_events;

/// The contract promises 24 hours; a day more covers clients whose clocks and queues lag.
const IDEMPOTENCY_HOURS: i64 = 48;
/// Rows in one transaction, so that a round never holds locks for long.
const STEP: i64 = 5_000;

/// Forgets counted events and answers kept for repeated requests, once neither can come again.
pub(crate) async fn housekeep(app: App, settings: HousekeepingSettings, shutdown: CancellationToken) {
    let mut ticks = interval(Duration::from_secs(settings.every_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = app.clock.now();
        let handled_before = now - chrono::Duration::days(i64::from(settings.inbox_days));
        let answered_before = now - chrono::Duration::hours(IDEMPOTENCY_HOURS);
        let received_before = now - chrono::Duration::days(i64::from(app.payments.event_days));
        for outcome in [
            forget_provider_events(&app, received_before, &shutdown).await,
            forget_counted(&app, handled_before, &shutdown).await,
            forget_answers(&app, answered_before, &shutdown).await,
        ] {
            match outcome {
                Ok(0) => {}
                Ok(gone) => tracing::info!(gone, "forgot what cannot come again"),
                Err(error) => tracing::warn!(%error, "housekeeping stopped half-way; the next round goes on"),
            }
        }
    }
}

async fn forget_counted(app: &App, before: DateTime, shutdown: &CancellationToken) -> Result<usize, DbError> {
    let mut gone = 0;
    loop {
        let step = app.db.system(async |connection| db::inbox::prune(connection, before, STEP).await).await?;
        gone += step;
        if is_last(step) || shutdown.is_cancelled() {
            return Ok(gone);
        }
    }
}

async fn forget_provider_events(app: &App, before: DateTime, shutdown: &CancellationToken) -> Result<usize, DbError> {
    let mut gone = 0;
    loop {
        let prune = async |connection: &mut db::Connection| provider_events::prune(connection, before, STEP).await;
        let step = app.db.system(prune).await?;
        gone += step;
        if is_last(step) || shutdown.is_cancelled() {
            return Ok(gone);
        }
    }
}

async fn forget_answers(app: &App, before: DateTime, shutdown: &CancellationToken) -> Result<usize, DbError> {
    let mut gone = 0;
    loop {
        let step = app.db.system(async |connection| db::idempotency::prune(connection, before, STEP).await).await?;
        gone += step;
        if is_last(step) || shutdown.is_cancelled() {
            return Ok(gone);
        }
    }
}

fn is_last(step: usize) -> bool {
    i64::try_from(step).is_ok_and(|step| step < STEP)
}
