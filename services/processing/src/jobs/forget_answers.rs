//! Deletes what the model stage keeps for a time only: answers that are too old, and reservations that nobody settled.

use std::sync::Arc;
use std::time::Duration;

use db::DbError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store::{model_answers, model_usage};

const EVERY: Duration = Duration::from_secs(600);
/// Answers of one transaction.
const BATCH: i64 = 5_000;
/// No call is under way for so many days; the money stays spent.
const ABANDONED_DAYS: i64 = 40;

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = forget(&app).await {
            tracing::warn!(%error, "old answers are not deleted now");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(EVERY) => {}
        }
    }
}

async fn forget(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    loop {
        let gone =
            app.db.system(async |connection| model_answers::delete_expired(connection, now, BATCH).await).await?;
        if i64::try_from(gone).is_ok_and(|gone| gone < BATCH) {
            break;
        }
    }
    let before = now - chrono::Duration::days(ABANDONED_DAYS);
    app.db.system(async |connection| model_usage::forget_abandoned(connection, before).await).await?;
    Ok(())
}
