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
/// Events in the outbox beyond which no step is done: an import would only pile up what webhooks then wait behind.
const DEEP: i64 = 5_000;
/// How long the relay is given then.
const YIELD: Duration = Duration::from_millis(100);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut was_busy = false;
    while !shutdown.is_cancelled() {
        let woken = app.imports_queued.notified();
        let pause = match round(&app, &shutdown).await {
            Round::Done => {
                was_busy = true;
                continue;
            }
            Round::HeldBack => YIELD,
            Round::Nothing => POLL,
        };
        if pause == POLL && std::mem::take(&mut was_busy) {
            // The contents of those that ended are of no use any more.
            app.unused_blobs.notify_one();
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(pause) => {}
        }
    }
}

/// What a round came to.
enum Round {
    /// At least one step was done.
    Done,
    /// Imports wait for the outbox to be emptied.
    HeldBack,
    /// Nobody waits.
    Nothing,
}

/// A step for every tenant that waits for one.
async fn round(app: &App, shutdown: &CancellationToken) -> Round {
    let found = app
        .db
        .system(async |connection| {
            let heads = store::imports::heads(connection).await?;
            let is_deep = !heads.is_empty() && store::imports::is_outbox_deep(connection, DEEP).await?;
            Ok::<_, db::DbError>((heads, is_deep))
        })
        .await;
    let (heads, is_deep) = found.unwrap_or_else(|error| {
        tracing::warn!(%error, "imports are not looked for now");
        (Vec::new(), false)
    });
    if is_deep {
        return Round::HeldBack;
    }
    let mut was_done = false;
    for head in heads {
        if shutdown.is_cancelled() {
            return Round::Nothing;
        }
        match advance_import(app, head).await {
            Ok(()) => was_done = true,
            Err(error) => tracing::warn!(import = %head.1, %error, "an import does not go on now"),
        }
    }
    if was_done { Round::Done } else { Round::Nothing }
}
