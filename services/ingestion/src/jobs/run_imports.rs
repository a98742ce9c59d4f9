//! Runs imports: a step of each tenant's first one in turn, so that a large one holds up nobody else's.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store;
use crate::usecases::advance_import::advance_import;

/// How often to look for imports that another process queued.
const POLL: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut was_busy = false;
    while !shutdown.is_cancelled() {
        let woken = app.imports_queued.notified();
        if round(&app, &shutdown).await {
            was_busy = true;
            continue;
        }
        if std::mem::take(&mut was_busy) {
            // The contents of those that ended are of no use any more.
            app.unused_blobs.notify_one();
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(POLL) => {}
        }
    }
}

/// A step for every tenant that waits for one; `true` when one was done.
async fn round(app: &App, shutdown: &CancellationToken) -> bool {
    let heads = app.db.system(async |connection| store::imports::heads(connection).await).await;
    let heads = heads.unwrap_or_else(|error: db::DbError| {
        tracing::warn!(%error, "imports are not looked for now");
        Vec::new()
    });
    let mut was_done = false;
    for head in heads {
        if shutdown.is_cancelled() {
            return false;
        }
        match advance_import(app, head).await {
            Ok(()) => was_done = true,
            Err(error) => tracing::warn!(import = %head.1, %error, "an import does not go on now"),
        }
    }
    was_done
}
