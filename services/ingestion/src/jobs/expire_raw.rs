//! Takes raw forms away that their tenants keep for a time only.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::expire_raw::expire_raw;
use crate::usecases::release_held::Progress;

const EVERY: Duration = Duration::from_secs(60);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let woken = app.retention_changed.notified();
        match expire_raw(&app).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Done) => {}
            Err(error) => tracing::warn!(%error, "raw forms are not taken away now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(EVERY) => {}
        }
    }
}
