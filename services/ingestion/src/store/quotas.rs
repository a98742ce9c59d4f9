//! What tenants may do, and how much they took in.

use common::event::{Access, EntitlementsUpdated};
use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::quota::Quota;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    plan: String,
    #[diesel(sql_type = Text)]
    access: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    records_hard: Option<i64>,
    #[diesel(sql_type = BigInt)]
    used: i64,
    #[diesel(sql_type = Timestamptz)]
    resets_at: DateTime,
}

#[derive(QueryableByName)]
struct Sources {
    #[diesel(sql_type = Nullable<BigInt>)]
    most: Option<i64>,
    #[diesel(sql_type = BigInt)]
    there: i64,
    #[diesel(sql_type = Text)]
    plan: String,
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Takes over what a tenant may do, unless something newer is known.
pub(crate) async fn put(connection: &mut Connection, told: &EntitlementsUpdated) -> Result<(), DbError> {
    let number = |limit: Option<u64>| limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
    statement(
        "INSERT INTO entitlements AS known (tenant_id, plan, status, access, reason, grace_ends_at, records_soft, \
                                            records_hard, integrations, timezone, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id) DO UPDATE \
         SET plan = excluded.plan, status = excluded.status, access = excluded.access, reason = excluded.reason, \
             grace_ends_at = excluded.grace_ends_at, records_soft = excluded.records_soft, \
             records_hard = excluded.records_hard, integrations = excluded.integrations, \
             timezone = excluded.timezone, version = excluded.version \
         WHERE known.version < excluded.version",
    )
    .bind::<SqlUuid, _>(told.tenant_id.0)
    .bind::<Text, _>(&told.plan)
    .bind::<Text, _>(&told.status)
    .bind::<Text, _>(told.access.as_str())
    .bind::<Nullable<Text>, _>(told.reason.as_deref())
    .bind::<Nullable<Timestamptz>, _>(told.grace_ends_at)
    .bind::<Nullable<BigInt>, _>(number(told.allowance.records_soft))
    .bind::<Nullable<BigInt>, _>(number(told.allowance.records_hard))
    .bind::<Nullable<BigInt>, _>(number(told.allowance.integrations))
    .bind::<Text, _>(&told.timezone)
    .bind::<Integer, _>(told.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// What the tenant may take in and took in; `None` while billing has told nothing of it, and then nothing is refused.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    now: DateTime,
) -> Result<Option<Quota>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT plan, access, reason, records_hard, \
                coalesce((SELECT sum(q.records) FROM record_quota q WHERE q.tenant_id = e.tenant_id \
                          AND q.month = m.month), 0)::bigint AS used, \
                quota_resets_at(m.month, e.timezone) AS resets_at \
         FROM entitlements e CROSS JOIN LATERAL (SELECT quota_month($2, e.timezone) AS month) m \
         WHERE e.tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().map(|row| {
        let access = Access::parse(&row.access).unwrap_or(Access::Full);
        let limits = (row.records_hard, row.used);
        Quota::new((row.plan, access, row.reason), limits, row.resets_at)
    }))
}

/// Counts records that were held and are released.
pub(crate) async fn count_released(
    connection: &mut Connection,
    tenant: TenantId,
    records: i64,
    now: DateTime,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO record_quota AS known (tenant_id, month, slot, records) \
         SELECT $1, quota_month($3, coalesce((SELECT timezone FROM entitlements WHERE tenant_id = $1), 'UTC')), \
                (pg_backend_pid() & 31)::smallint, $2 \
         ON CONFLICT (tenant_id, month, slot) DO UPDATE SET records = known.records + excluded.records",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(records)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether one more source may be connected: the most there may be and the plan, when there are as many.
pub(crate) async fn sources_exhausted(
    connection: &mut Connection,
    tenant: TenantId,
) -> Result<Option<(i64, String)>, DbError> {
    // Two who connect at once are counted one after the other: the lock is waited for by a statement of its own, since
    // one that counts too would count by what it saw before it waited.
    statement("SELECT FROM entitlements WHERE tenant_id = $1 FOR UPDATE")
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    let rows: Vec<Sources> = statement(
        "SELECT e.integrations AS most, e.plan, \
                (SELECT count(*) FROM integrations i WHERE i.tenant_id = e.tenant_id AND i.deleted_at IS NULL) AS there \
         FROM entitlements e WHERE e.tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .load(connection)
    .await?;
    let exhausted = |row: Sources| row.most.filter(|most| row.there >= *most).map(|most| (most, row.plan));
    Ok(rows.into_iter().next().and_then(exhausted))
}

/// Marks sources for release whose records were held for want of room, where there is room by now. Needs the system's
/// scope.
pub(crate) async fn release_where_there_is_room(connection: &mut Connection, now: DateTime) -> Result<usize, DbError> {
    let marked: Vec<Waiting> = statement(
        "UPDATE integrations i SET release_pending = true FROM entitlements e \
         WHERE e.tenant_id = i.tenant_id AND i.status = 'active' AND i.deleted_at IS NULL AND NOT i.release_pending \
           AND e.access = 'full' \
           AND EXISTS (SELECT FROM deliveries d WHERE d.integration_id = i.id AND d.outcome = 'held') \
           AND (e.records_hard IS NULL OR e.records_hard > coalesce((SELECT sum(q.records) FROM record_quota q \
                WHERE q.tenant_id = e.tenant_id AND q.month = quota_month($1, e.timezone)), 0)) RETURNING i.id",
    )
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    for source in &marked {
        tracing::info!(integration = %source.id, "there is room again for what was held");
    }
    Ok(marked.len())
}
