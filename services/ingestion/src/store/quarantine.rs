//! Rejected deliveries that are judged again.

use common::{DateTime, DeliveryId, IntegrationId, OperationId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::deliveries;
use crate::domain::delivery::DeliveryOutcome;

/// A delivery with all that judging it takes.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub(crate) struct RejectedRow {
    pub(crate) id: Uuid,
    pub(crate) outcome: String,
    pub(crate) reason: Option<String>,
    pub(crate) record_id: Option<Uuid>,
    pub(crate) headers: Value,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: DateTime,
}

/// One delivery of a source, whatever its outcome, locked: of two replays the second finds what the first did.
pub(crate) async fn lock_one(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    id: DeliveryId,
) -> Result<Option<RejectedRow>, DbError> {
    let row = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::id.eq(id.0))
        .select(RejectedRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    Ok(row)
}

/// Up to `limit` rejected deliveries of a source in order of receipt, beginning behind `after`, locked.
pub(crate) async fn lock_next(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    after: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<RejectedRow>, DbError> {
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::outcome.eq(DeliveryOutcome::Rejected.as_str()))
        .filter(deliveries::id.gt(after.map_or(Uuid::nil(), |after| after.0)))
        .select(RejectedRow::as_select())
        .order(deliveries::id.asc())
        .limit(limit)
        .for_update()
        .load(connection)
        .await?;
    Ok(rows)
}

/// Those of the deliveries that the source has, whatever their outcome, in order of receipt, locked.
pub(crate) async fn lock_many(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    ids: &[DeliveryId],
) -> Result<Vec<RejectedRow>, DbError> {
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::id.eq_any(ids.iter().map(|id| id.0)))
        .select(RejectedRow::as_select())
        .order(deliveries::id.asc())
        .for_update()
        .load(connection)
        .await?;
    Ok(rows)
}

/// Says in an operation's items what their deliveries made.
pub(crate) async fn note_made(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    made: &[(Uuid, RecordId)],
) -> Result<(), DbError> {
    statement(
        "UPDATE operation_items i SET made_record_id = e.record FROM unnest($3, $4) AS e (delivery, record) \
         WHERE i.operation_id = $1 AND i.tenant_id = $2 AND i.record_id = e.delivery",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(made.iter().map(|(delivery, _)| *delivery).collect::<Vec<Uuid>>())
    .bind::<Array<SqlUuid>, _>(made.iter().map(|(_, record)| record.0).collect::<Vec<Uuid>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes rows out, to be written again under the same ids in the same transaction.
pub(crate) async fn remove(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    rows: &[&RejectedRow],
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::id.eq_any(ids));
    diesel::delete(rows).execute(connection).await?;
    Ok(())
}

/// Says of rows that were written again why they had been rejected, and when they were taken in.
pub(crate) async fn mark_replayed(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    rows: &[&RejectedRow],
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE deliveries SET reason = g.reason, replayed_at = $3 FROM unnest($1, $2) AS g (id, reason) \
         WHERE deliveries.id = g.id AND tenant_id = $4 AND integration_id = $5",
    )
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<Uuid>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.reason.as_deref()).collect::<Vec<Option<&str>>>())
    .bind::<Timestamptz, _>(at)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .execute(connection)
    .await?;
    Ok(())
}
