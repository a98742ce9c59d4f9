//! How much is in quarantine, and the removal of what is too old or too much.

use common::{DateTime, DeliveryId, IntegrationId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::deliveries::{SLACK, id_at};

/// What a delivery counts beside its body: its headers and its row.
pub(crate) const ROW_BYTES: i64 = 512;

#[derive(QueryableByName)]
struct SourceRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Sources of all tenants that have something in quarantine, the deleted ones too, beginning behind `after`. Needs the
/// system's scope.
pub(crate) async fn sources(
    connection: &mut Connection,
    after: Option<IntegrationId>,
    limit: i64,
) -> Result<Vec<(TenantId, IntegrationId)>, DbError> {
    let rows: Vec<SourceRow> = statement(
        "SELECT id, tenant_id FROM integrations i WHERE id > $1 AND EXISTS ( \
             SELECT FROM deliveries d WHERE d.integration_id = i.id AND d.tenant_id = i.tenant_id \
               AND d.outcome = 'rejected') ORDER BY id LIMIT $2",
    )
    .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), |after| after.0))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), IntegrationId(row.id))).collect())
}

/// The newest delivery in quarantine that was received before the time.
pub(crate) async fn last_before(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    before: DateTime,
) -> Result<Option<DeliveryId>, DbError> {
    let row: Option<IdRow> = statement(
        "SELECT id FROM deliveries WHERE tenant_id = $1 AND integration_id = $2 AND outcome = 'rejected' \
         AND id < $3 AND received_at < $4 ORDER BY id DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<SqlUuid, _>(id_at(before + SLACK))
    .bind::<Timestamptz, _>(before)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(|row| DeliveryId(row.id)))
}

/// The newest delivery in quarantine that has no room when the newer ones have theirs.
pub(crate) async fn last_beyond(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    most_bytes: i64,
) -> Result<Option<DeliveryId>, DbError> {
    let row: Option<IdRow> = statement(
        "SELECT id FROM (SELECT id, sum(octet_length(body) + $4) OVER (ORDER BY id DESC) AS held FROM deliveries \
             WHERE tenant_id = $1 AND integration_id = $2 AND outcome = 'rejected') all_of_it \
         WHERE held > $3 ORDER BY id DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<BigInt, _>(most_bytes)
    .bind::<BigInt, _>(ROW_BYTES)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(|row| DeliveryId(row.id)))
}

/// What a step removed.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub(crate) struct Removed {
    #[diesel(sql_type = BigInt)]
    pub(crate) deliveries: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) bytes: i64,
}

/// Removes up to `limit` deliveries from quarantine, the oldest first, none behind `last`, and counts them. One that
/// is being judged again at this moment is left alone.
pub(crate) async fn remove_oldest(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    last: DeliveryId,
    limit: i64,
    now: DateTime,
) -> Result<Removed, DbError> {
    let removed: Removed = statement(
        "WITH gone AS (DELETE FROM deliveries WHERE tenant_id = $1 AND id IN ( \
                 SELECT id FROM deliveries WHERE tenant_id = $1 AND integration_id = $2 AND outcome = 'rejected' \
                   AND id <= $3 ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED) \
             RETURNING octet_length(body) + $5 AS bytes) \
         SELECT count(*) AS deliveries, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<SqlUuid, _>(last.0)
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(ROW_BYTES)
    .get_result(connection)
    .await?;
    if removed.deliveries == 0 {
        return Ok(removed);
    }
    statement(
        "INSERT INTO quarantine_removals AS r (integration_id, tenant_id, deliveries, bytes, last_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (integration_id) DO UPDATE \
         SET deliveries = r.deliveries + excluded.deliveries, bytes = r.bytes + excluded.bytes, last_at = excluded.last_at",
    )
    .bind::<SqlUuid, _>(integration.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(removed.deliveries)
    .bind::<BigInt, _>(removed.bytes)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(removed)
}

/// What is in quarantine for one reason.
#[derive(Debug, QueryableByName)]
pub(crate) struct HeldRow {
    #[diesel(sql_type = Text)]
    pub(crate) reason: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) deliveries: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) bytes: i64,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) oldest_at: DateTime,
}

/// What is in a source's quarantine, by reason.
pub(crate) async fn held(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Vec<HeldRow>, DbError> {
    let rows = statement(
        "SELECT coalesce(reason, '') AS reason, count(*) AS deliveries, \
             sum(octet_length(body) + $3)::bigint AS bytes, min(received_at) AS oldest_at \
         FROM deliveries WHERE tenant_id = $1 AND integration_id = $2 AND outcome = 'rejected' \
         GROUP BY 1 ORDER BY 2 DESC, 1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<BigInt, _>(ROW_BYTES)
    .load(connection)
    .await?;
    Ok(rows)
}

/// What the bounds took away.
#[derive(Debug, Default, QueryableByName)]
pub(crate) struct RemovalsRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) deliveries: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) bytes: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) last_at: Option<DateTime>,
}

/// What the bounds took away of a source so far.
pub(crate) async fn removals(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<RemovalsRow, DbError> {
    let row: Option<RemovalsRow> = statement(
        "SELECT deliveries, bytes, last_at FROM quarantine_removals WHERE tenant_id = $1 AND integration_id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.unwrap_or_default())
}
