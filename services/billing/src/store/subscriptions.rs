//! Subscriptions, one a tenant.

use common::event::Access;
use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::schema::subscriptions as table;
use crate::domain::Subscription;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    plan: String,
    status: String,
    reason: Option<String>,
    cancel_at_period_end: bool,
    trial_end: Option<DateTime>,
    last_event_at: DateTime,
    version: i32,
    provider: Option<String>,
    subscription_id: Option<String>,
    status_since: Option<DateTime>,
    current_period_start: Option<DateTime>,
    current_period_end: Option<DateTime>,
    grace_ends_at: Option<DateTime>,
    scheduled_plan: Option<String>,
    scheduled_at: Option<DateTime>,
    access: String,
}

#[derive(QueryableByName)]
struct Begun {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

/// The tenant's subscription; `None` while its creation has not been heard of.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId) -> Result<Option<Subscription>, DbError> {
    let row = table::table.find(tenant.0).select(Row::as_select()).first(connection).await.optional()?;
    Ok(row.map(Into::into))
}

/// The same, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, tenant: TenantId) -> Result<Option<Subscription>, DbError> {
    let row = table::table.find(tenant.0).select(Row::as_select()).for_update().first(connection).await.optional()?;
    Ok(row.map(Into::into))
}

/// Begins subscriptions to a plan at the given times, and returns the tenants that had none before.
pub(crate) async fn begin(
    connection: &mut Connection,
    tenants: &[(TenantId, DateTime)],
    plan: &str,
) -> Result<Vec<TenantId>, DbError> {
    let ids: Vec<Uuid> = tenants.iter().map(|(tenant, _)| tenant.0).collect();
    let times: Vec<DateTime> = tenants.iter().map(|(_, at)| *at).collect();
    let begun: Vec<Begun> = statement(
        "INSERT INTO subscriptions (tenant_id, plan, status, last_event_at, status_since) \
         SELECT e.tenant, $3, 'active', e.at, e.at FROM unnest($1, $2) AS e (tenant, at) ORDER BY e.tenant \
         ON CONFLICT (tenant_id) DO NOTHING RETURNING tenant_id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Text, _>(plan)
    .load(connection)
    .await?;
    Ok(begun.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// Writes a locked subscription back, under the version that it has.
pub(crate) async fn update(
    connection: &mut Connection,
    tenant: TenantId,
    subscription: &Subscription,
) -> Result<(), DbError> {
    statement(
        "UPDATE subscriptions SET plan = $2, status = $3, reason = $4, cancel_at_period_end = $5, trial_end = $6, \
                last_event_at = $7, version = $8, provider = $9, subscription_id = $10, status_since = $11, \
                current_period_start = $12, current_period_end = $13, grace_ends_at = $14, scheduled_plan = $15, \
                scheduled_at = $16, access = $17 WHERE tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(&subscription.plan)
    .bind::<Text, _>(&subscription.status)
    .bind::<Nullable<Text>, _>(subscription.reason.as_deref())
    .bind::<Bool, _>(subscription.cancel_at_period_end)
    .bind::<Nullable<Timestamptz>, _>(subscription.trial_end)
    .bind::<Timestamptz, _>(subscription.last_event_at)
    .bind::<Integer, _>(subscription.version)
    .bind::<Nullable<Text>, _>(subscription.provider.as_deref())
    .bind::<Nullable<Text>, _>(subscription.subscription_id.as_deref())
    .bind::<Nullable<Timestamptz>, _>(subscription.status_since)
    .bind::<Nullable<Timestamptz>, _>(subscription.current_period_start)
    .bind::<Nullable<Timestamptz>, _>(subscription.current_period_end)
    .bind::<Nullable<Timestamptz>, _>(subscription.grace_ends_at)
    .bind::<Nullable<Text>, _>(subscription.scheduled_plan.as_deref())
    .bind::<Nullable<Timestamptz>, _>(subscription.scheduled_at)
    .bind::<Text, _>(subscription.access.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes by which plans tenants were told what they may do.
pub(crate) async fn told(connection: &mut Connection, tenants: &[TenantId], plans: &str) -> Result<(), DbError> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    statement("UPDATE subscriptions SET told_plans = $2 WHERE tenant_id = ANY ($1)")
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Text, _>(plans)
        .execute(connection)
        .await?;
    Ok(())
}

/// Tenants that were not told by these plans what they may do. Needs the system's scope.
pub(crate) async fn untold(connection: &mut Connection, plans: &str, limit: i64) -> Result<Vec<TenantId>, DbError> {
    let rows: Vec<Begun> = statement(
        "SELECT tenant_id FROM subscriptions WHERE told_plans IS DISTINCT FROM $1 ORDER BY tenant_id LIMIT $2",
    )
    .bind::<Text, _>(plans)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// Tenants whose grace is over and who may still do everything. Needs the system's scope.
pub(crate) async fn grace_over(
    connection: &mut Connection,
    now: DateTime,
    limit: i64,
) -> Result<Vec<TenantId>, DbError> {
    let rows: Vec<Begun> = statement(
        "SELECT tenant_id FROM subscriptions \
         WHERE grace_ends_at <= $1 AND grace_ends_at IS NOT NULL AND access = 'full' ORDER BY grace_ends_at LIMIT $2",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// Tenants on a plan. Needs the system's scope.
pub(crate) async fn on_plan(
    connection: &mut Connection,
    plan: &str,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<TenantId>, DbError> {
    let rows: Vec<Begun> = statement(
        "SELECT tenant_id FROM subscriptions WHERE plan = $1 AND ($2::uuid IS NULL OR tenant_id > $2) \
         ORDER BY tenant_id LIMIT $3",
    )
    .bind::<Text, _>(plan)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

impl From<Row> for Subscription {
    fn from(row: Row) -> Self {
        Self {
            plan: row.plan,
            status: row.status,
            reason: row.reason,
            access: Access::parse(&row.access).unwrap_or(Access::Full),
            status_since: row.status_since,
            cancel_at_period_end: row.cancel_at_period_end,
            trial_end: row.trial_end,
            current_period_start: row.current_period_start,
            current_period_end: row.current_period_end,
            grace_ends_at: row.grace_ends_at,
            scheduled_plan: row.scheduled_plan,
            scheduled_at: row.scheduled_at,
            provider: row.provider,
            subscription_id: row.subscription_id,
            last_event_at: row.last_event_at,
            version: row.version,
        }
    }
}
