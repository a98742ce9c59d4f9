//! The budget in the database: set aside before a call and settled after it, one row lock for each month of a tenant.
//! Where it cannot be read or written, nothing is spent.

use std::sync::Arc;

use async_trait::async_trait;
use common::{Clock, TenantId};
use db::{Db, DbError};
use language_model::{Budget, Exhausted, LedgerError, Micros, NoCalls, Reservation, ReserveError, Window};
use uuid::Uuid;

use crate::store::model_usage::{self, Share, Terms, Used};

pub(super) struct Ledger {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl Ledger {
    pub(super) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }
}

#[async_trait]
impl Budget for Ledger {
    async fn reserve(&self, tenant: TenantId, amount: Micros, calls: u32) -> Result<Reservation, ReserveError> {
        let now = self.clock.now();
        let id = Uuid::new_v4();
        let share = Share { id, amount: number(amount), calls: i32::try_from(calls).unwrap_or(i32::MAX) };
        let refused = self
            .db
            .tenant(tenant, async |connection| {
                let terms = model_usage::terms(connection, tenant, now).await?;
                if model_usage::reserve(connection, tenant, &terms, share, now).await? {
                    return Ok(None);
                }
                let used = model_usage::used(connection, tenant, terms.month).await?;
                Ok::<_, DbError>(Some((terms, used)))
            })
            .await
            .map_err(failed)?;
        match refused {
            None => Ok(Reservation { id, tenant, amount, calls }),
            Some((terms, used)) => Err(refusal(&terms, used, amount, calls)),
        }
    }

    async fn settle(&self, reservation: Reservation, spent: Micros, answered: u32) -> Result<(), LedgerError> {
        let Reservation { id, tenant, .. } = reservation;
        let (spent, answered) = (number(spent), i32::try_from(answered).unwrap_or(i32::MAX));
        self.db
            .tenant(tenant, async |connection| model_usage::settle(connection, tenant, id, spent, answered).await)
            .await
            .map_err(failed)
    }
}

fn refusal(terms: &Terms, used: Used, amount: Micros, calls: u32) -> ReserveError {
    let renews_at = terms.renews_at;
    if let Some(limit) = terms.calls.filter(|limit| used.calls + i64::from(calls) > *limit) {
        return NoCalls { limit: u64::try_from(limit).unwrap_or_default(), renews_at }.into();
    }
    let limit = Micros(u64::try_from(terms.budget).unwrap_or_default());
    Exhausted { window: Window::Month, limit, asked: amount, renews_at }.into()
}

fn number(amount: Micros) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX)
}

fn failed(error: DbError) -> LedgerError {
    LedgerError(Box::new(error))
}
