//! Goes through runs in batches until none has records left.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::advance_runs::{Progress, advance_runs};

/// How often to look for runs that another process was asked for.
const POLL: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let woken = app.runs_asked.notified();
        match advance_runs(&app).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, "runs are not gone on with now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(POLL) => {}
        }
    }
}
