//! Quotas in memory: asking whether there is room costs the hot path no query most of the time.
//!
//! What another process took in is seen after the cache's short life; the limit may be passed by that much and no
//! more. A refusal is never made from memory alone, nor while records of this process are on their way: they may turn out
//! to be repetitions, and until they are stored no count in the database has them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{DateTime, TenantId};
use db::{Db, DbError};
use moka::future::Cache;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::domain::quota::{Exhausted, Quota};
use crate::store;

const REMEMBERED: u64 = 10_000;
const LIFE: Duration = Duration::from_millis(500);
/// How often to look again before a refusal, and how long to wait each time for what is on its way.
const LOOKS: usize = 4;
const LANDING: Duration = Duration::from_millis(500);

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
pub(crate) struct Quotas {
    known: Cache<TenantId, Option<Arc<Quota>>>,
    flights: Arc<Flights>,
}

/// Records of limited tenants that found room and are not stored yet.
#[derive(Debug, Default)]
struct Flights {
    records: Mutex<HashMap<TenantId, i64>>,
    landed: Notify,
}

/// Room for records. To be kept until they are committed or given up.
#[must_use]
#[derive(Debug)]
pub(crate) struct Room(Option<(Arc<Flights>, TenantId, i64)>);

impl Drop for Room {
    fn drop(&mut self) {
        let Some((flights, tenant, records)) = self.0.take() else { return };
        let mut all = flights.lock();
        if let Some(flying) = all.get_mut(&tenant) {
            *flying -= records;
            if *flying <= 0 {
                all.remove(&tenant);
            }
        }
        drop(all);
        flights.landed.notify_waiters();
    }
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, i64>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, tenant: TenantId) -> i64 {
        self.lock().get(&tenant).copied().unwrap_or_default()
    }

    fn begin(self: &Arc<Self>, tenant: TenantId, records: i64) -> Room {
        *self.lock().entry(tenant).or_default() += records;
        Room(Some((Arc::clone(self), tenant, records)))
    }
}

impl Quotas {
    pub(crate) fn new() -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED).time_to_live(LIFE).build();
        Self { known, flights: Arc::default() }
    }

    /// Takes room for that many records of the tenant.
    pub(crate) async fn take(
        &self,
        db: &Db,
        tenant: TenantId,
        records: usize,
        now: DateTime,
    ) -> Result<Room, QuotaError> {
        let records = i64::try_from(records).unwrap_or(i64::MAX);
        let mut look = 1;
        loop {
            let mut landed = pin!(self.flights.landed.notified());
            landed.as_mut().enable();
            let Some(known) = self.get(db, tenant, now).await? else { return Ok(Room(None)) };
            if !known.is_limited() {
                return Ok(Room(None));
            }
            let place = self.flights.begin(tenant, records);
            let Err(exhausted) = known.take(records) else { return Ok(place) };
            drop(place);
            let are_flying = self.flights.of(tenant) > 0;
            if look == LOOKS || (look > 1 && !are_flying) {
                return Err(QuotaError::Exhausted(Box::new(exhausted)));
            }
            look += 1;
            if are_flying {
                // Whoever waits too long looks all the same.
                let _ = timeout(LANDING, landed).await;
            }
            self.known.invalidate(&tenant).await;
        }
    }

    /// Room for one more record of the tenant, if there is some. When that cannot be told there is: a webhook must not
    /// wait for it.
    pub(crate) async fn find_room(&self, db: &Db, tenant: TenantId, now: DateTime) -> Option<Room> {
        match self.take(db, tenant, 1, now).await {
            Ok(place) => Some(place),
            Err(QuotaError::Exhausted(_)) => None,
            Err(QuotaError::Db(_)) => Some(Room(None)),
        }
    }

    /// How many more records of the tenant there is room for; `None` without a limit.
    pub(crate) async fn room(&self, db: &Db, tenant: TenantId, now: DateTime) -> Result<Option<i64>, Arc<DbError>> {
        self.known.invalidate(&tenant).await;
        Ok(self.get(db, tenant, now).await?.and_then(|quota| quota.room()))
    }

    async fn get(&self, db: &Db, tenant: TenantId, now: DateTime) -> Result<Option<Arc<Quota>>, Arc<DbError>> {
        let load = async {
            // Before the count: what lands in between is counted twice for a moment, and never not at all.
            let flying = self.flights.of(tenant);
            let found =
                db.tenant(tenant, async |connection| store::quotas::find(connection, tenant, now).await).await?;
            Ok::<_, DbError>(found.map(|quota| Arc::new(quota.with_taken(flying))))
        };
        self.known.try_get_with(tenant, load).await
    }
}
