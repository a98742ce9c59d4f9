//! Sources in memory, so that a webhook costs no query to find whose it is.
//!
//! A change made by this process is seen at once, one made by another replica after the cache's short life. An id
//! that nobody has is remembered as well: guessing ids must not become load on the database.

use std::sync::Arc;
use std::time::Duration;

use common::IntegrationId;
use db::{Db, DbError};
use moka::future::Cache;
use settings::Sealer;

use crate::domain::source::{Source, SourceError};
use crate::settings::IntakeSettings;
use crate::store;

const REMEMBERED: u64 = 10_000;

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

/// Sources by id; `None` is remembered for ids that nobody has.
#[derive(Clone, Debug)]
pub(crate) struct SourceCache(Cache<IntegrationId, Option<Arc<Source>>>);

impl SourceCache {
    pub(crate) fn new(settings: &IntakeSettings) -> Self {
        let life = Duration::from_millis(settings.source_cache_millis);
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(life).build())
    }

    /// The source, from memory or the database. Many who ask at once cause one query.
    pub(crate) async fn get(
        &self,
        db: &Db,
        sealer: &Sealer,
        id: IntegrationId,
    ) -> Result<Option<Arc<Source>>, Arc<LoadError>> {
        self.0.try_get_with(id, load(db, sealer, id)).await
    }

    /// Forgets a source that was changed.
    pub(crate) async fn forget(&self, id: IntegrationId) {
        self.0.invalidate(&id).await;
    }
}

async fn load(db: &Db, sealer: &Sealer, id: IntegrationId) -> Result<Option<Arc<Source>>, LoadError> {
    let row = db.system(async |connection| store::integrations::find_of_any_tenant(connection, id).await).await?;
    Ok(row.map(|row| Source::prepare(&row, sealer)).transpose()?.map(Arc::new))
}
