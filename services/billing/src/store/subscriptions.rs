//! Subscriptions, one a tenant.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
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

/// Begins subscriptions to a plan at the given times, and returns the tenants that had none before.
pub(crate) async fn begin(
    connection: &mut Connection,
    tenants: &[(TenantId, DateTime)],
    plan: &str,
) -> Result<Vec<TenantId>, DbError> {
    let ids: Vec<Uuid> = tenants.iter().map(|(tenant, _)| tenant.0).collect();
    let times: Vec<DateTime> = tenants.iter().map(|(_, at)| *at).collect();
    let begun: Vec<Begun> = statement(
        "INSERT INTO subscriptions (tenant_id, plan, status, last_event_at) \
         SELECT e.tenant, $3, 'active', e.at FROM unnest($1, $2) AS e (tenant, at) ORDER BY e.tenant \
         ON CONFLICT (tenant_id) DO NOTHING RETURNING tenant_id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Text, _>(plan)
    .load(connection)
    .await?;
    Ok(begun.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

impl From<Row> for Subscription {
    fn from(row: Row) -> Self {
        let Row { plan, status, reason, cancel_at_period_end, trial_end, last_event_at } = row;
        Self { plan, status, reason, cancel_at_period_end, trial_end, last_event_at }
    }
}
