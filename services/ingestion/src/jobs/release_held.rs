//! Releases what was held for sources that were resumed, in batches, until nothing is held.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::release_held::{Progress, release_held};

/// How often to look for sources that another process resumed.
const POLL: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let woken = app.resumed.notified();
        match release_held(&app).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, "held records are not released now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(POLL) => {}
        }
    }
}
