//! `tenants`.

use common::{DateTime, EventId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A tenant.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct TenantRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub timezone: String,
    /// A JSON object as it was sent.
    #[diesel(sql_type = Text)]
    pub settings: String,
    #[diesel(sql_type = Text)]
    pub plan: String,
    #[diesel(sql_type = Integer)]
    pub version: i32,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
}

/// Adds a tenant on the free plan.
pub(crate) async fn insert(
    connection: &mut Connection,
    id: TenantId,
    name: &str,
    timezone: &str,
    at: DateTime,
) -> Result<TenantRow, DbError> {
    Ok(statement(
        "INSERT INTO tenants (id, name, timezone, settings, created_at, updated_at) VALUES ($1, $2, $3, '{}', $4, $4) \
         RETURNING id, name, timezone, settings::text AS settings, plan, version, created_at",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(name)
    .bind::<Text, _>(timezone)
    .bind::<Timestamptz, _>(at)
    .get_result(connection)
    .await?)
}

/// The tenant.
pub(crate) async fn find(connection: &mut Connection, id: TenantId) -> Result<Option<TenantRow>, DbError> {
    let mut rows: Vec<TenantRow> = statement(
        "SELECT id, name, timezone, settings::text AS settings, plan, version, created_at FROM tenants \
         WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// The tenant, held until the transaction ends: changes of it and of who owns it go one after the other.
pub(crate) async fn lock(connection: &mut Connection, id: TenantId) -> Result<Option<TenantRow>, DbError> {
    let mut rows: Vec<TenantRow> = statement(
        "SELECT id, name, timezone, settings::text AS settings, plan, version, created_at FROM tenants \
         WHERE id = $1 AND deleted_at IS NULL FOR UPDATE",
    )
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// Changes a tenant and raises its version.
pub(crate) async fn update(
    connection: &mut Connection,
    tenant: &TenantRow,
    at: DateTime,
) -> Result<TenantRow, DbError> {
    Ok(statement(
        "UPDATE tenants SET name = $2, timezone = $3, settings = $4::text::json, version = version + 1, updated_at = $5 \
         WHERE id = $1 RETURNING id, name, timezone, settings::text AS settings, plan, version, created_at",
    )
    .bind::<SqlUuid, _>(tenant.id)
    .bind::<Text, _>(&tenant.name)
    .bind::<Text, _>(&tenant.timezone)
    .bind::<Text, _>(&tenant.settings)
    .bind::<Timestamptz, _>(at)
    .get_result(connection)
    .await?)
}

/// Leaves of a tenant nothing but its id, and when it was deleted; lock it first.
pub(crate) async fn bury(connection: &mut Connection, id: TenantId, at: DateTime) -> Result<(), DbError> {
    statement(
        "UPDATE tenants SET name = '', settings = '{}', version = version + 1, updated_at = $2, deleted_at = $2 \
         WHERE id = $1",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    // In the order of their references.
    for sql in [
        "DELETE FROM refresh_tokens WHERE tenant_id = $1",
        "DELETE FROM invite_links WHERE tenant_id = $1",
        "DELETE FROM invites WHERE tenant_id = $1",
        "DELETE FROM api_keys WHERE tenant_id = $1",
        "DELETE FROM sign_in_flows WHERE tenant_id = $1",
        "DELETE FROM sign_in_identities WHERE tenant_id = $1",
        "DELETE FROM sign_in_providers WHERE tenant_id = $1",
        "DELETE FROM memberships WHERE tenant_id = $1",
        "DELETE FROM idempotency_keys WHERE tenant_id = $1",
        "DELETE FROM inbox WHERE tenant_id = $1",
    ] {
        statement(sql).bind::<SqlUuid, _>(id.0).execute(connection).await?;
    }
    Ok(())
}

/// Sets plans, each unless a later event set one before.
pub(crate) async fn set_plans(
    connection: &mut Connection,
    tenants: &[TenantId],
    plans: &[String],
    times: &[DateTime],
    events: &[EventId],
) -> Result<(), DbError> {
    statement(
        "UPDATE tenants t SET plan = e.plan, plan_set_at = e.at, plan_set_by = e.event \
         FROM (SELECT DISTINCT ON (tenant) tenant, plan, at, event \
               FROM unnest($1, $2, $3, $4) AS u (tenant, plan, at, event) \
               ORDER BY tenant, at DESC, event DESC) AS e \
         WHERE t.id = e.tenant AND (t.plan_set_at IS NULL OR (t.plan_set_at, t.plan_set_by) < (e.at, e.event))",
    )
    .bind::<Array<SqlUuid>, _>(tenants.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(plans)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Array<SqlUuid>, _>(events.iter().map(|id| id.0).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
