//! Show the status: what a tenant is on, what that allows, and what it used.

use common::{DateTime, TenantId};
use db::{Connection, DbError};

use crate::domain::{Period, Subscription};
use crate::store::usage::Usage;
use crate::store::{profiles, subscriptions, usage};

/// How a tenant stands.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// `None` while the tenant's creation has not arrived here; the free plan serves already.
    pub(crate) subscription: Option<Subscription>,
    /// The calendar month of the tenant, in which usage is counted.
    pub(crate) period: Period,
    pub(crate) usage: Usage,
    pub(crate) now: DateTime,
}

/// The tenant's status as of `now`.
pub(crate) async fn show_status(
    connection: &mut Connection,
    tenant: TenantId,
    now: DateTime,
) -> Result<Status, DbError> {
    let period = Period::of(now, profiles::zone(connection, tenant).await?);
    let subscription = subscriptions::find(connection, tenant).await?;
    Ok(Status { subscription, period, usage: usage::of(connection, tenant, period).await?, now })
}
