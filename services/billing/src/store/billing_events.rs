//! The billing log.

use common::{DateTime, EventId, TenantId};
use db::{Connection, DbError, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::billing_events as table;

/// One entry of the log.
#[derive(Clone, Debug, Queryable)]
pub(crate) struct BillingEvent {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) plan: String,
    pub(crate) status: String,
    pub(crate) at: DateTime,
    pub(crate) provider: Option<String>,
    pub(crate) provider_event_id: Option<String>,
    pub(crate) provider_event_type: Option<String>,
    pub(crate) outcome: String,
    pub(crate) changes: Value,
    pub(crate) reason: Option<String>,
}

/// Notes that the tenants began with a plan, under the ids of the events that tell it.
pub(crate) async fn append(
    connection: &mut Connection,
    kind: &str,
    plan: &str,
    status: &str,
    entries: &[(TenantId, EventId, DateTime)],
) -> Result<(), DbError> {
    let tenants: Vec<Uuid> = entries.iter().map(|(tenant, _, _)| tenant.0).collect();
    let ids: Vec<Uuid> = entries.iter().map(|(_, id, _)| id.0).collect();
    let times: Vec<DateTime> = entries.iter().map(|(_, _, at)| *at).collect();
    statement(
        "INSERT INTO billing_events (id, tenant_id, at, type, plan, status) \
         SELECT e.id, e.tenant, e.at, $4, $5, $6 FROM unnest($1, $2, $3) AS e (id, tenant, at)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Text, _>(kind)
    .bind::<Text, _>(plan)
    .bind::<Text, _>(status)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes one entry.
pub(crate) async fn write(connection: &mut Connection, tenant: TenantId, entry: &BillingEvent) -> Result<(), DbError> {
    statement(
        "INSERT INTO billing_events (id, tenant_id, at, type, plan, status, provider, provider_event_id, \
                                     provider_event_type, outcome, changes, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind::<SqlUuid, _>(entry.id)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(entry.at)
    .bind::<Text, _>(&entry.kind)
    .bind::<Text, _>(&entry.plan)
    .bind::<Text, _>(&entry.status)
    .bind::<Nullable<Text>, _>(entry.provider.as_deref())
    .bind::<Nullable<Text>, _>(entry.provider_event_id.as_deref())
    .bind::<Nullable<Text>, _>(entry.provider_event_type.as_deref())
    .bind::<Text, _>(&entry.outcome)
    .bind::<Json, _>(&entry.changes)
    .bind::<Nullable<Text>, _>(entry.reason.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// The first `limit` entries before a time and id, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<(DateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<BillingEvent>, DbError> {
    let mut query = table::table
        .filter(table::tenant_id.eq(tenant.0))
        .order((table::at.desc(), table::id.desc()))
        .limit(limit)
        .select((
            table::id,
            table::kind,
            table::plan,
            table::status,
            table::at,
            table::provider,
            table::provider_event_id,
            table::provider_event_type,
            table::outcome,
            table::changes,
            table::reason,
        ))
        .into_boxed();
    if let Some((at, id)) = before {
        query = query.filter(table::at.le(at).and(table::at.lt(at).or(table::id.lt(id))));
    }
    Ok(query.load(connection).await?)
}
