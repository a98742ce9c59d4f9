//! Pulls sources that are due, one after the other, until none is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::pull_source::pull_next;
use crate::usecases::release_held::Progress;

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let poll = Duration::from_millis(app.pull.poll_millis);
    while !shutdown.is_cancelled() {
        let woken = app.sync_requested.notified();
        match pull_next(&app, &shutdown).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Done) => {}
            // The lease runs out, and the pull goes on then.
            Err(error) => tracing::warn!(%error, "a source is not pulled now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(poll) => {}
        }
    }
}
