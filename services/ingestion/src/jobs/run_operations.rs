//! Goes through operations on many records, in batches, until none has items left to begin.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::release_held::Progress;
use crate::usecases::run_operations::run_operations;

/// How often to look for operations that another process was asked for.
const POLL: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let woken = app.asked.notified();
        match run_operations(&app).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, "operations are not gone on with now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(POLL) => {}
        }
    }
}
