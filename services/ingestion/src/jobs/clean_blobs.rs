//! Removes bytes that nothing needs: of uploads that broke off, of files that were deleted, of no row at all.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blobs::BlobError;
use common::{BlobId, TenantId};
use db::DbError;
use futures_util::TryStreamExt as _;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store;
use crate::usecases::receive_content::key;

const EVERY: Duration = Duration::from_secs(30);
const BATCH: i64 = 100;
/// Walking the whole store is for what no row tells of, such as after the database was restored from a copy.
const WALK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// A row is written before its bytes, so this is only for clocks that differ.
const WALK_AGE: Duration = Duration::from_secs(24 * 3600);
const WALK_BATCH: usize = 1_000;

#[derive(Debug, thiserror::Error)]
enum CleanError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// Runs until told to stop.
pub(crate) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut walked: Option<Instant> = None;
    while !shutdown.is_cancelled() {
        let woken = app.unused_blobs.notified();
        match clean(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "unused blobs are not removed now"),
        }
        if walked.is_none_or(|walked| walked.elapsed() > WALK_EVERY) {
            match walk(&app).await {
                Ok(0) => walked = Some(Instant::now()),
                Ok(removed) => {
                    tracing::warn!(removed, "blobs that no row tells of were removed");
                    walked = Some(Instant::now());
                }
                Err(error) => tracing::warn!(%error, "the blob store is not walked now"),
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = woken => {}
            () = sleep(EVERY) => {}
        }
    }
}

/// Removes some; `true` when there may be more. The rows stay locked until their bytes are gone, and a row outlives
/// its bytes when the process dies between the two.
async fn clean(app: &App) -> Result<bool, CleanError> {
    let now = app.clock.now();
    app.db
        .system(async |connection| {
            store::blobs::give_up_expired(connection, now).await?;
            let doomed = store::blobs::to_delete(connection, BATCH).await?;
            for (tenant, id) in &doomed {
                app.blobs.delete(&key(*tenant, *id)).await?;
            }
            let ids: Vec<BlobId> = doomed.iter().map(|(_, id)| *id).collect();
            store::blobs::forget(connection, &ids).await?;
            Ok(i64::try_from(ids.len()).is_ok_and(|count| count == BATCH))
        })
        .await
}

async fn walk(app: &App) -> Result<usize, CleanError> {
    let mut removed = 0;
    let mut chunks = app.blobs.list().try_chunks(WALK_BATCH);
    while let Some(found) = chunks.try_next().await.map_err(|error| error.1)? {
        let old = found.into_iter().filter(|found| age(found.modified) > WALK_AGE);
        let keyed: Vec<(BlobId, String)> = old.filter_map(|found| Some((parse(&found.key)?.1, found.key))).collect();
        let ids: Vec<BlobId> = keyed.iter().map(|(id, _)| *id).collect();
        let known = app.db.system(async |connection| store::blobs::known(connection, &ids).await).await?;
        for (_, key) in keyed.iter().filter(|(id, _)| !known.contains(id)) {
            app.blobs.delete(key).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn age(modified: SystemTime) -> Duration {
    modified.elapsed().unwrap_or_default()
}

/// What is not of our making is left alone.
fn parse(key: &str) -> Option<(TenantId, BlobId)> {
    let (tenant, id) = key.split_once('/')?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}
