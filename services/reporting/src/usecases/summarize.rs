//! Sums a period up.

use common::TenantId;
use db::{Connection, DbError};

use crate::domain::{Backlog, Latency, Period, Summary, sum_up};
use crate::store::facts;

/// The figures of a period, and what waits now.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) summary: Summary,
    pub(crate) latency: Latency,
    pub(crate) backlog: Backlog,
}

/// Sums the period up.
///
/// # Errors
/// When the database fails.
pub(crate) async fn summarize(conn: &mut Connection, tenant: TenantId, period: &Period) -> Result<Report, DbError> {
    let summary = sum_up(period, facts::sums(conn, tenant, period).await?);
    let latency = facts::latency(conn, tenant, period).await?;
    let backlog = facts::backlog(conn, tenant).await?;
    Ok(Report { summary, latency, backlog })
}
