//! Usage: records by month, seats and integrations at a time.

use chrono::NaiveDate;
use common::TenantId;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Date, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::Period;

/// What a tenant used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct Usage {
    /// Records accepted in the period.
    #[diesel(sql_type = BigInt)]
    pub(crate) records: i64,
    /// Members now.
    #[diesel(sql_type = BigInt)]
    pub(crate) seats: i64,
    /// Connected sources now.
    #[diesel(sql_type = BigInt)]
    pub(crate) integrations: i64,
}

/// What the tenant used in the period.
pub(crate) async fn of(connection: &mut Connection, tenant: TenantId, period: Period) -> Result<Usage, DbError> {
    Ok(statement(
        "SELECT coalesce((SELECT records FROM record_usage WHERE tenant_id = $1 AND month = $2), 0) AS records, \
                count(*) FILTER (WHERE kind = 'seat') AS seats, \
                count(*) FILTER (WHERE kind = 'integration') AS integrations \
         FROM holdings WHERE tenant_id = $1 AND held",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(period.first_day())
    .get_result(connection)
    .await?)
}

/// Adds records to months; each month of a tenant may be there once.
pub(crate) async fn add_records(
    connection: &mut Connection,
    counts: &[((TenantId, NaiveDate), i64)],
) -> Result<(), DbError> {
    if counts.is_empty() {
        return Ok(());
    }
    let tenants: Vec<Uuid> = counts.iter().map(|((tenant, _), _)| tenant.0).collect();
    let months: Vec<NaiveDate> = counts.iter().map(|((_, month), _)| *month).collect();
    let records: Vec<i64> = counts.iter().map(|(_, count)| *count).collect();
    // In one order everywhere, so that two consumers cannot wait for each other.
    statement(
        "INSERT INTO record_usage AS known (tenant_id, month, records) \
         SELECT * FROM unnest($1, $2, $3) AS e (tenant, month, records) ORDER BY tenant, month \
         ON CONFLICT (tenant_id, month) DO UPDATE SET records = known.records + excluded.records",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<Date>, _>(months)
    .bind::<Array<BigInt>, _>(records)
    .execute(connection)
    .await?;
    Ok(())
}
