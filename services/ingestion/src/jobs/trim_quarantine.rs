//! Removes rejected deliveries that are too old or too many, and counts them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::trim_quarantine::trim_quarantine;

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let every = Duration::from_millis(app.quarantine.every_millis);
    let removed = opentelemetry::global::meter("ingestion")
        .u64_counter("verdict.quarantine.removed")
        .with_description("Rejected deliveries that the bounds of age and size removed.")
        .build();
    while !shutdown.is_cancelled() {
        match trim_quarantine(&app, &shutdown).await {
            Ok(count) => removed.add(count, &[]),
            Err(error) => tracing::warn!(%error, "the quarantine is not trimmed now"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(every) => {}
        }
    }
}
