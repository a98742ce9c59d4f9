//! Each tenant's calendar, and whether the tenant is still there.

use std::collections::HashMap;

use chrono_tz::Tz;
use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::domain::zone_of;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    timezone: String,
}

/// Takes over time zones, whatever the order in which they are told; returns the tenants whose calendar changed. Each
/// tenant may be there once.
pub(crate) async fn set_timezones(
    connection: &mut Connection,
    zones: &[(TenantId, String, DateTime)],
) -> Result<Vec<TenantId>, DbError> {
    if zones.is_empty() {
        return Ok(Vec::new());
    }
    let tenants: Vec<Uuid> = zones.iter().map(|(tenant, _, _)| tenant.0).collect();
    let names: Vec<&str> = zones.iter().map(|(_, name, _)| name.as_str()).collect();
    let times: Vec<DateTime> = zones.iter().map(|(_, _, at)| *at).collect();
    let rows: Vec<Row> = statement(
        "INSERT INTO tenant_profiles AS known (tenant_id, timezone, at) \
         SELECT * FROM unnest($1, $2, $3) AS e (tenant, timezone, at) ORDER BY tenant \
         ON CONFLICT (tenant_id) DO UPDATE SET timezone = excluded.timezone, at = excluded.at \
         WHERE known.at < excluded.at RETURNING tenant_id, timezone",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Timestamptz>, _>(times)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// The tenants' time zones; one that is not known is UTC.
pub(crate) async fn zones(connection: &mut Connection, tenants: &[TenantId]) -> Result<HashMap<TenantId, Tz>, DbError> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let rows: Vec<Row> = statement("SELECT tenant_id, timezone FROM tenant_profiles WHERE tenant_id = ANY ($1)")
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), zone_of(&row.timezone))).collect())
}

/// The tenant's time zone.
pub(crate) async fn zone(connection: &mut Connection, tenant: TenantId) -> Result<Tz, DbError> {
    Ok(zones(connection, &[tenant]).await?.remove(&tenant).unwrap_or(Tz::UTC))
}

/// Notes that the tenant was deleted.
pub(crate) async fn delete(connection: &mut Connection, tenant: TenantId, at: DateTime) -> Result<(), DbError> {
    statement(
        "INSERT INTO tenant_profiles AS known (tenant_id, timezone, at, deleted_at) VALUES ($1, 'UTC', $2, $2) \
         ON CONFLICT (tenant_id) DO UPDATE SET deleted_at = coalesce(known.deleted_at, excluded.deleted_at)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}
