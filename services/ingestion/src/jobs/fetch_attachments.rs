//! Stores files that came with deliveries as links, or had no room: one after the other, until none is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::fetch_attachment::fetch_next;
use crate::usecases::release_held::Progress;

/// How often to look for what another process noted, or what is due again.
const POLL: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let woken = app.attachments_wanted.notified();
        match fetch_next(&app).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Done) => {}
            // The lease runs out, and the file is tried again then.
            Err(error) => tracing::warn!(%error, "files of deliveries are not stored now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(POLL) => {}
        }
    }
}
