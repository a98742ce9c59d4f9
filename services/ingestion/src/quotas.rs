//! Quotas in memory: asking whether there is room costs the hot path no query most of the time.
//!
//! What another process took in is seen after the cache's short life; the limit may be passed by that much and no
//! more. A refusal is never made from memory alone.

use std::sync::Arc;
use std::time::Duration;

use common::{DateTime, TenantId};
use db::{Db, DbError};
use moka::future::Cache;

use crate::domain::quota::{Exhausted, Quota};
use crate::store;

const REMEMBERED: u64 = 10_000;
const LIFE: Duration = Duration::from_millis(500);

/// Why there is no room, or it cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QuotaError {
    #[error("there is no room for more records")]
    Exhausted(Box<Exhausted>),
    #[error("the quota cannot be read")]
    Db(#[from] Arc<DbError>),
}

/// Quotas by tenant; `None` is remembered for tenants of whom billing has told nothing.
#[derive(Clone, Debug)]
pub(crate) struct Quotas(Cache<TenantId, Option<Arc<Quota>>>);

impl Quotas {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(LIFE).build())
    }

    /// Takes room for that many records of the tenant.
    pub(crate) async fn take(
        &self,
        db: &Db,
        tenant: TenantId,
        records: usize,
        now: DateTime,
    ) -> Result<(), QuotaError> {
        let records = i64::try_from(records).unwrap_or(i64::MAX);
        let Some(known) = self.get(db, tenant, now).await? else { return Ok(()) };
        if known.take(records).is_ok() {
            return Ok(());
        }
        // Repetitions took room that they did not use, and the plan may have changed: look again before refusing.
        self.0.invalidate(&tenant).await;
        let Some(fresh) = self.get(db, tenant, now).await? else { return Ok(()) };
        fresh.take(records).map_err(|exhausted| QuotaError::Exhausted(Box::new(exhausted)))
    }

    /// Whether there is room for one more record of the tenant; takes it. When that cannot be told there is: a
    /// webhook must not wait for it.
    pub(crate) async fn has_room(&self, db: &Db, tenant: TenantId, now: DateTime) -> bool {
        !matches!(self.take(db, tenant, 1, now).await, Err(QuotaError::Exhausted(_)))
    }

    /// How many more records of the tenant there is room for; `None` without a limit.
    pub(crate) async fn room(&self, db: &Db, tenant: TenantId, now: DateTime) -> Result<Option<i64>, Arc<DbError>> {
        self.0.invalidate(&tenant).await;
        Ok(self.get(db, tenant, now).await?.and_then(|quota| quota.room()))
    }

    async fn get(&self, db: &Db, tenant: TenantId, now: DateTime) -> Result<Option<Arc<Quota>>, Arc<DbError>> {
        let load = async {
            let found =
                db.tenant(tenant, async |connection| store::quotas::find(connection, tenant, now).await).await?;
            Ok::<_, DbError>(found.map(Arc::new))
        };
        self.0.try_get_with(tenant, load).await
    }
}
