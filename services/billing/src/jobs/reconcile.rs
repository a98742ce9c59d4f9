//! Compares with the provider from time to time, and says what was repaired.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::usecases::reconcile::reconcile as reconcile_all;

/// Runs until told to stop; not at all without a provider.
pub(crate) async fn reconcile(app: App, shutdown: CancellationToken) {
    if app.providers.serving().is_none() || app.payments.reconcile_seconds == 0 {
        return;
    }
    let mut ticks = interval(Duration::from_secs(app.payments.reconcile_seconds));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once: what was missed while the service was down is looked for when it comes up.
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let outcome = tokio::select! {
            () = shutdown.cancelled() => return,
            outcome = reconcile_all(&app, None) => outcome,
        };
        match outcome {
            Ok(report) => {
                for repair in &report.repairs {
                    tracing::warn!(repair, "drift was repaired");
                }
                for failure in &report.failures {
                    tracing::warn!(failure, "a customer could not be compared");
                }
                tracing::info!(customers = report.customers, missed = report.missed_events, "reconciled");
            }
            Err(error) => tracing::warn!(%error, "not reconciled; the next round tries again"),
        }
    }
}
