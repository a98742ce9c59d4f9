//! The loop of a worker: claim, decide, again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use common::TenantId;
use db::DbError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::batch;
use crate::app::App;
use crate::store::pending_decisions::{self, Claimed};

/// Most records claimed at once, and most of one tenant.
const BATCH: i64 = 64;
const OF_EACH_TENANT: i64 = 32;
/// How often an idle worker looks, for rows that another process wrote and for leases that ran out.
const IDLE_POLL: Duration = Duration::from_millis(250);
/// The wait after a failure of the database.
const BACKOFF: Duration = Duration::from_millis(500);

/// Decides pending records until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut quiet = Duration::from_millis(1);
    while !shutdown.is_cancelled() {
        match round(&app).await {
            Ok(0) => {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = app.cascade.wake.notified() => quiet = Duration::from_millis(1),
                    () = sleep(quiet) => quiet = (quiet * 2).min(IDLE_POLL),
                }
            }
            Ok(_) => quiet = Duration::from_millis(1),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "pending records wait");
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = sleep(BACKOFF) => {}
                }
            }
        }
    }
}

/// Claims what is due and decides it, tenant by tenant; returns how many records were claimed.
async fn round(app: &App) -> Result<usize, DbError> {
    let (lease, now) = (Uuid::new_v4(), app.clock.now());
    let until = now + app.cascade.lease;
    let claimed = app
        .db
        .system(async |connection| {
            pending_decisions::claim(connection, lease, now, until, (BATCH, OF_EACH_TENANT)).await
        })
        .await?;
    let count = claimed.len();
    let mut by_tenant: BTreeMap<TenantId, Vec<Claimed>> = BTreeMap::new();
    for one in claimed {
        by_tenant.entry(one.pending.tenant).or_default().push(one);
    }
    // What waits for a deleted tenant goes with the rest of its rows.
    for (tenant, claimed) in by_tenant.into_iter().filter(|(tenant, _)| !app.deleted.contains(*tenant)) {
        // One tenant's trouble is not the next one's; its records come back when the lease has run out.
        if let Err(error) = batch::decide(app, tenant, lease, claimed).await {
            tracing::warn!(%tenant, error = &error as &dyn std::error::Error, "pending records of a tenant wait");
        }
    }
    Ok(count)
}
