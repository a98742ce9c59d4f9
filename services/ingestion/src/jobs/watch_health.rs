//! Tells of sources that begin to fail or fall silent, and of those that recover.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::watch_health::watch_health;

const EVERY: Duration = Duration::from_secs(5);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = watch_health(&app, &shutdown).await {
            tracing::warn!(%error, "the health of sources is not watched now");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(EVERY) => {}
        }
    }
}
