//! Budgets: reserved before a call, settled after it. Whoever cannot reserve does not call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{Datelike as _, Days, NaiveDate};
use common::clock::Clock;
use common::{DateTime, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{NoAnswer, Unavailable};
use crate::price::Micros;

/// Money that is set aside for one call. Kept by whoever may outlive the process, such as a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Made by the ledger.
    pub id: Uuid,
    /// Whose money it is.
    pub tenant: TenantId,
    /// The most that the call can cost.
    pub amount: Micros,
    /// How many calls of a language model it is for.
    #[serde(default)]
    pub calls: u32,
}

/// A span of time with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A day in UTC.
    Day,
    /// A calendar month in UTC.
    Month,
}

/// Why a call is not paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the budget of {limit} does not cover {asked} more; it is renewed at {renews_at}")]
#[serde(rename_all = "camelCase")]
pub struct Exhausted {
    /// Which limit.
    pub window: Window,
    /// How much it is.
    pub limit: Micros,
    /// What the call could cost.
    pub asked: Micros,
    /// When the window ends.
    pub renews_at: DateTime,
}

/// The plan's calls of a language model are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the plan's {limit} calls of a language model are used up until {renews_at}")]
#[serde(rename_all = "camelCase")]
pub struct NoCalls {
    /// How many there are in a month.
    pub limit: u64,
    /// When there are new ones.
    pub renews_at: DateTime,
}

/// A ledger that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the ledger of budgets failed")]
pub struct LedgerError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Why nothing was reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// There is not enough.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// There are no calls left.
    #[error(transparent)]
    NoCalls(#[from] NoCalls),
    /// It cannot be known.
    #[error(transparent)]
    Failed(#[from] LedgerError),
}

/// A ledger of budgets. Where it is durable, a reservation that is never settled stays spent.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Sets money and calls aside, or refuses. Of calls at the same time, never more together than there is.
    async fn reserve(&self, tenant: TenantId, amount: Micros, calls: u32) -> Result<Reservation, ReserveError>;

    /// Says what was really spent and how many calls were answered, once for each reservation; a repetition changes
    /// nothing.
    async fn settle(&self, reservation: Reservation, spent: Micros, answered: u32) -> Result<(), LedgerError>;
}

/// Sets money aside, or says why the call is not made: a ledger that fails stops it too.
pub(crate) async fn hold(
    budget: &dyn Budget,
    tenant: TenantId,
    most: Micros,
    calls: u32,
) -> Result<Reservation, NoAnswer> {
    budget.reserve(tenant, most, calls).await.map_err(|error| match error {
        ReserveError::Exhausted(exhausted) => NoAnswer::OverBudget(exhausted),
        ReserveError::NoCalls(none) => NoAnswer::NoCalls(none),
        ReserveError::Failed(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "no budget can be reserved; nothing is asked");
            NoAnswer::Unavailable(Unavailable::LedgerFailed)
        }
    })
}

/// Settles. A reservation that cannot be settled stays reserved, which is the safe side.
pub(crate) async fn settle(budget: &dyn Budget, reservation: Reservation, cost: Micros, answered: u32) {
    if cost > reservation.amount {
        tracing::warn!(%cost, reserved = %reservation.amount, "a call cost more than it could by our count");
    }
    if let Err(error) = budget.settle(reservation, cost, answered).await {
        tracing::error!(error = &error as &dyn std::error::Error, "a call cannot be settled; it stays reserved");
    }
}

/// A tenant's limits; none is no limit, and a tenant without limits at all may spend nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Most in a day.
    pub day: Option<Micros>,
    /// Most in a calendar month.
    pub month: Option<Micros>,
}

/// A ledger in memory: for tests, and for one process whose restart may forget what was spent.
#[derive(Debug)]
pub struct MemoryBudget {
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<TenantId, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    limits: Limits,
    spent: [Spent; 2],
    reserved: HashMap<Uuid, Micros>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    window: Option<NaiveDate>,
    amount: Micros,
}

impl MemoryBudget {
    /// A ledger in which nobody may spend yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, accounts: Mutex::default() }
    }

    /// Gives a tenant its limits; what it has spent stays.
    pub fn set_limits(&self, tenant: TenantId, limits: Limits) {
        self.with(tenant, |account, _| account.limits = limits);
    }

    /// What a tenant has spent in the window that is now, reservations not included.
    #[must_use]
    pub fn spent(&self, tenant: TenantId, window: Window) -> Micros {
        self.with(tenant, |account, _| account.spent[window as usize].amount)
    }

    /// What is set aside for a tenant's calls under way.
    #[must_use]
    pub fn reserved(&self, tenant: TenantId) -> Micros {
        self.with(tenant, |account, _| account.reserved.values().copied().sum())
    }

    fn with<T>(&self, tenant: TenantId, act: impl FnOnce(&mut Account, DateTime) -> T) -> T {
        let now = self.clock.now();
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.entry(tenant).or_default();
        for window in [Window::Day, Window::Month] {
            let began = Some(window.begin(now));
            let spent = &mut account.spent[window as usize];
            if spent.window != began {
                *spent = Spent { window: began, amount: Micros::ZERO };
            }
        }
        act(account, now)
    }
}

impl Window {
    /// The first day of the window that holds the moment.
    #[must_use]
    pub fn begin(self, at: DateTime) -> NaiveDate {
        let day = at.date_naive();
        match self {
            Self::Day => day,
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// When the window that holds the moment ends.
    #[must_use]
    pub fn end(self, at: DateTime) -> DateTime {
        let begin = self.begin(at);
        let end = match self {
            Self::Day => begin.checked_add_days(Days::new(1)),
            Self::Month => begin.checked_add_months(chrono::Months::new(1)),
        };
        end.unwrap_or(begin).and_time(chrono::NaiveTime::MIN).and_utc()
    }
}

impl Account {
    fn reserve(
        &mut self,
        tenant: TenantId,
        amount: Micros,
        calls: u32,
        now: DateTime,
    ) -> Result<Reservation, Exhausted> {
        let aside: Micros = self.reserved.values().copied().sum();
        let Limits { day, month } = self.limits;
        let nothing = day.is_none() && month.is_none();
        let limits = [(Window::Day, day), (Window::Month, if nothing { Some(Micros::ZERO) } else { month })];
        for (window, limit) in limits {
            let Some(limit) = limit else { continue };
            if nothing || self.spent[window as usize].amount + aside + amount > limit {
                return Err(Exhausted { window, limit, asked: amount, renews_at: window.end(now) });
            }
        }
        let reservation = Reservation { id: Uuid::new_v4(), tenant, amount, calls };
        self.reserved.insert(reservation.id, amount);
        Ok(reservation)
    }
}

#[async_trait]
impl Budget for MemoryBudget {
    async fn reserve(&self, tenant: TenantId, amount: Micros, calls: u32) -> Result<Reservation, ReserveError> {
        Ok(self.with(tenant, |account, now| account.reserve(tenant, amount, calls, now))?)
    }

    async fn settle(&self, reservation: Reservation, spent: Micros, _: u32) -> Result<(), LedgerError> {
        self.with(reservation.tenant, |account, _| {
            if account.reserved.remove(&reservation.id).is_some() {
                for window in &mut account.spent {
                    window.amount = window.amount + spent;
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::TenantId;
    use common::clock::ManualClock;

    use super::{Budget as _, Limits, MemoryBudget, ReserveError, Window};
    use crate::price::Micros;

    fn ledger(limits: Limits) -> (MemoryBudget, TenantId, ManualClock) {
        let clock = ManualClock::at("2026-01-31T23:00:00Z".parse().unwrap());
        let (ledger, tenant) = (MemoryBudget::new(Arc::new(clock.clone())), TenantId::generate());
        ledger.set_limits(tenant, limits);
        (ledger, tenant, clock)
    }

    #[tokio::test]
    async fn a_tenant_without_limits_may_spend_nothing() {
        let (ledger, tenant, _) = ledger(Limits::default());
        assert!(matches!(ledger.reserve(tenant, Micros(1), 1).await, Err(ReserveError::Exhausted(_))));
        assert!(matches!(ledger.reserve(tenant, Micros(0), 1).await, Err(ReserveError::Exhausted(_))));
        assert!(matches!(ledger.reserve(TenantId::generate(), Micros(1), 1).await, Err(ReserveError::Exhausted(_))));
    }

    #[tokio::test]
    async fn what_is_reserved_counts_until_it_is_settled_and_windows_renew() {
        let (ledger, tenant, clock) = ledger(Limits { day: Some(Micros(10)), month: Some(Micros(15)) });
        let first = ledger.reserve(tenant, Micros(8), 1).await.unwrap();
        let Err(ReserveError::Exhausted(refused)) = ledger.reserve(tenant, Micros(3), 1).await else {
            panic!("reserved")
        };
        assert_eq!((refused.window, refused.limit), (Window::Day, Micros(10)));
        assert_eq!(refused.renews_at.to_rfc3339(), "2026-02-01T00:00:00+00:00");
        ledger.settle(first, Micros(2), 1).await.unwrap();
        ledger.settle(first, Micros(2), 1).await.unwrap();
        assert_eq!(ledger.spent(tenant, Window::Month), Micros(2), "settled once");
        let second = ledger.reserve(tenant, Micros(8), 1).await.unwrap();
        ledger.settle(second, Micros(8), 1).await.unwrap();
        clock.advance(chrono::Duration::hours(2));
        assert_eq!(ledger.spent(tenant, Window::Month), Micros(0), "a new month");
        ledger.reserve(tenant, Micros(10), 1).await.unwrap();
    }
}
