//! Sources in memory, so that a webhook costs no query to find whose it is.
//!
//! A change made by this process is seen at once, one made by another replica after the cache's short life. An id
//! that nobody has is remembered as well: guessing ids must not become load on the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::IntegrationId;
use db::{Db, DbError};
use moka::future::Cache;
use settings::Sealer;

use crate::domain::provider::Catalogue;
use crate::domain::source::{Source, SourceError};
use crate::settings::IntakeSettings;
use crate::store;

const REMEMBERED: u64 = 10_000;
/// Counters of changes; sources that share one only cause each other a query more.
const COUNTERS: usize = 256;

/// A source could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The database failed.
    #[error("the integration cannot be read")]
    Db(#[from] DbError),
    /// Its row cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// What a load found, with the count of changes when it began.
#[derive(Clone, Debug)]
struct Loaded {
    changes: u64,
    source: Option<Arc<Source>>,
}

/// Sources by id; `None` is remembered for ids that nobody has.
#[derive(Clone, Debug)]
pub(crate) struct SourceCache {
    catalogue: &'static Catalogue,
    loaded: Cache<IntegrationId, Loaded>,
    changes: Arc<[AtomicU64]>,
}

impl SourceCache {
    pub(crate) fn new(settings: &IntakeSettings, catalogue: &'static Catalogue) -> Self {
        let life = Duration::from_millis(settings.source_cache_millis);
        let loaded = Cache::builder().max_capacity(REMEMBERED).time_to_live(life).build();
        Self { catalogue, loaded, changes: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The source, from memory or the database. Many who ask at once cause one query.
    pub(crate) async fn get(
        &self,
        db: &Db,
        sealer: &Sealer,
        id: IntegrationId,
    ) -> Result<Option<Arc<Source>>, Arc<LoadError>> {
        self.get_with(id, async || load(db, sealer, self.catalogue, id).await).await
    }

    /// Forgets a source that was changed; to be called after the change is committed.
    pub(crate) async fn forget(&self, id: IntegrationId) {
        self.changes_of(id).fetch_add(1, Ordering::SeqCst);
        self.loaded.invalidate(&id).await;
    }

    /// A load that runs while its source is forgotten ends in the cache all the same. What it found may be from
    /// before the change, so nobody who asks after the change is given it.
    async fn get_with(
        &self,
        id: IntegrationId,
        load: impl AsyncFn() -> Result<Option<Arc<Source>>, LoadError>,
    ) -> Result<Option<Arc<Source>>, Arc<LoadError>> {
        let changes = self.changes_of(id);
        let wanted = changes.load(Ordering::SeqCst);
        loop {
            let begin = async {
                let changes = changes.load(Ordering::SeqCst);
                Ok(Loaded { changes, source: load().await? })
            };
            let found = self.loaded.try_get_with(id, begin).await?;
            if found.changes >= wanted {
                return Ok(found.source);
            }
            self.loaded.invalidate(&id).await;
        }
    }

    fn changes_of(&self, id: IntegrationId) -> &AtomicU64 {
        // The last byte of an id is random.
        &self.changes[usize::from(id.0.as_bytes()[15]) % COUNTERS]
    }
}

async fn load(
    db: &Db,
    sealer: &Sealer,
    catalogue: &'static Catalogue,
    id: IntegrationId,
) -> Result<Option<Arc<Source>>, LoadError> {
    let row = db.system(async |connection| store::integrations::find_of_any_tenant(connection, id).await).await?;
    Ok(row.map(|row| Source::prepare(&row, sealer, catalogue)).transpose()?.map(Arc::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provider::built_in;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn what_a_load_found_before_a_change_is_not_kept() {
        let cache = SourceCache::new(&IntakeSettings::default(), built_in());
        let id = IntegrationId::generate();
        let (started, finish, loads) = (Semaphore::new(0), Semaphore::new(0), AtomicU64::new(0));
        let get = async || {
            let load = async || {
                loads.fetch_add(1, Ordering::SeqCst);
                started.add_permits(1);
                finish.acquire().await.expect("open").forget();
                Ok(None)
            };
            cache.get_with(id, load).await.expect("found out").is_none()
        };
        let change = async {
            started.acquire().await.expect("open").forget();
            cache.forget(id).await;
            finish.add_permits(1);
        };
        let (is_none, ()) = tokio::join!(get(), change);
        assert!(is_none);
        finish.add_permits(1);
        assert!(get().await);
        assert_eq!(loads.load(Ordering::SeqCst), 2, "loaded anew after the change");
        assert!(get().await);
        assert_eq!(loads.load(Ordering::SeqCst), 2, "and remembered from then on");
    }
}
