//! Keeping each source's quarantine within its bounds of age and size.

use chrono::TimeDelta;
use common::{IntegrationId, TenantId};
use db::DbError;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store;

/// Sources looked at by one query.
const PAGE: i64 = 100;
/// Deliveries removed in one transaction.
const STEP: i64 = 500;

/// Looks at every source once and returns how many deliveries were removed. Each step is a transaction of its own, and
/// replicas may do so at the same time.
pub(crate) async fn trim_quarantine(app: &App, shutdown: &CancellationToken) -> Result<u64, DbError> {
    let (mut after, mut removed) = (None, 0);
    loop {
        let page = app.db.system(async |connection| store::quarantine_bounds::sources(connection, after, PAGE).await);
        let page = page.await?;
        for source in &page {
            if shutdown.is_cancelled() {
                return Ok(removed);
            }
            match trim(app, *source, shutdown).await {
                Ok(count) => removed += count,
                Err(error) => tracing::warn!(%error, integration = %source.1, "its quarantine is not trimmed now"),
            }
        }
        after = page.last().map(|(_, id)| *id);
        if i64::try_from(page.len()).is_ok_and(|count| count < PAGE) {
            return Ok(removed);
        }
    }
}

async fn trim(app: &App, of: (TenantId, IntegrationId), shutdown: &CancellationToken) -> Result<u64, DbError> {
    let bounds = &app.quarantine;
    let now = app.clock.now();
    let last = app
        .db
        .tenant(of.0, async |connection| {
            let mut last = None;
            if bounds.keep_days > 0 {
                let before = now - TimeDelta::days(i64::from(bounds.keep_days));
                last = store::quarantine_bounds::last_before(connection, of, before).await?;
            }
            if bounds.max_bytes > 0 {
                let most = i64::try_from(bounds.max_bytes).unwrap_or(i64::MAX);
                last = last.max(store::quarantine_bounds::last_beyond(connection, of, most).await?);
            }
            Ok::<_, DbError>(last)
        })
        .await?;
    let Some(last) = last else { return Ok(0) };
    let (mut deliveries, mut bytes) = (0_u64, 0);
    while !shutdown.is_cancelled() {
        let step = app.db.tenant(of.0, async |connection| {
            store::quarantine_bounds::remove_oldest(connection, of, last, STEP, now).await
        });
        let step = step.await?;
        deliveries += u64::try_from(step.deliveries).unwrap_or_default();
        bytes += step.bytes;
        if step.deliveries < STEP {
            break;
        }
    }
    tracing::info!(integration = %of.1, deliveries, bytes, "rejected deliveries were removed");
    Ok(deliveries)
}
