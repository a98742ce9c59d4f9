//! Counts over a tenant's queue.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

/// How the queue stands.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct Counts {
    /// Questions that wait.
    #[diesel(sql_type = BigInt)]
    pub(crate) pending: i64,
    /// When the oldest of them was put.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) oldest: Option<DateTime>,
    /// Answers since the given time.
    #[diesel(sql_type = BigInt)]
    pub(crate) decided: i64,
    /// How many of those were overrides.
    #[diesel(sql_type = BigInt)]
    pub(crate) overridden: i64,
}

/// Counts what waits, and what was decided from `since` on.
pub(crate) async fn count(connection: &mut Connection, tenant: TenantId, since: DateTime) -> Result<Counts, DbError> {
    Ok(statement(
        "SELECT waiting.pending, waiting.oldest, done.decided, done.overridden \
         FROM (SELECT count(*) AS pending, min(requested_at) AS oldest FROM approvals \
               WHERE tenant_id = $1 AND status = 'pending') AS waiting, \
              (SELECT count(*) AS decided, count(*) FILTER (WHERE status = 'overridden') AS overridden \
               FROM approvals WHERE tenant_id = $1 AND decided_at >= $2) AS done",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(since)
    .get_result(connection)
    .await?)
}
