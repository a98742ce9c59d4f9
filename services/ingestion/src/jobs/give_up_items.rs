//! Ends parts of operations that nobody answers for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::give_up_items::give_up_items;

const EVERY: Duration = Duration::from_secs(5);

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = give_up_items(&app).await {
            tracing::warn!(%error, "parts of operations that nobody answers for are not ended now");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(EVERY) => {}
        }
    }
}
