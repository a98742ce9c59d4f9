//! How long tenants keep raw forms, and how far the job has come that takes them away.

use common::{DateTime, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::OptionalExtension as _;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::records::RecordKey;

/// What a tenant asks for, as an event tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) tenant: TenantId,
    /// None keeps raw forms for good.
    pub(crate) days: Option<i32>,
    pub(crate) version: i32,
}

/// How a tenant's walk stands, nobody else's until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) days: i32,
    pub(crate) passed: Option<RecordKey>,
    pub(crate) restart_at: Option<DateTime>,
}

/// An old record, in the order of receipt.
#[derive(Debug, QueryableByName)]
pub(crate) struct Old {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) received_at: DateTime,
    /// Whether it has a raw form still.
    #[diesel(sql_type = Bool)]
    pub(crate) has_raw: bool,
}

/// Takes over wishes that are newer than the known ones. Each tenant may be there once.
pub(crate) async fn upsert(connection: &mut Connection, wishes: &[Wish]) -> Result<(), DbError> {
    statement(
        "INSERT INTO retentions AS known (tenant_id, days, version) \
         SELECT * FROM unnest($1, $2, $3) AS e (tenant, days, version) ORDER BY tenant \
         ON CONFLICT (tenant_id) DO UPDATE SET days = excluded.days, version = excluded.version \
         WHERE known.version < excluded.version",
    )
    .bind::<Array<SqlUuid>, _>(wishes.iter().map(|wish| wish.tenant.0).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(wishes.iter().map(|wish| wish.days).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(wishes.iter().map(|wish| wish.version).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Tenants that keep raw forms for a time only. Needs the system's scope.
pub(crate) async fn tenants(connection: &mut Connection) -> Result<Vec<TenantId>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
    }
    let rows: Vec<Row> = statement("SELECT tenant_id FROM retentions WHERE days IS NOT NULL ORDER BY tenant_id")
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| TenantId(row.tenant_id)).collect())
}

/// Takes the lease on a tenant's walk until the transaction ends; `None` when another worker has it.
pub(crate) async fn lease(connection: &mut Connection, tenant: TenantId) -> Result<Option<Walk>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        days: i32,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        passed_at: Option<DateTime>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        passed_id: Option<Uuid>,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        restart_at: Option<DateTime>,
    }
    let row: Option<Row> = statement(
        "SELECT days, passed_at, passed_id, restart_at FROM retentions \
         WHERE tenant_id = $1 AND days IS NOT NULL FOR UPDATE SKIP LOCKED",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row.map(|row| Walk {
        days: row.days,
        passed: row.passed_at.zip(row.passed_id.map(RecordId)),
        restart_at: row.restart_at,
    }))
}

/// Keeps how far the walk is.
pub(crate) async fn save(connection: &mut Connection, tenant: TenantId, walk: &Walk) -> Result<(), DbError> {
    statement("UPDATE retentions SET passed_at = $2, passed_id = $3, restart_at = $4 WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Nullable<Timestamptz>, _>(walk.passed.map(|(at, _)| at))
        .bind::<Nullable<SqlUuid>, _>(walk.passed.map(|(_, id)| id.0))
        .bind::<Nullable<Timestamptz>, _>(walk.restart_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// The next records that were received before the time, oldest first, behind those that were passed.
pub(crate) async fn old_records(
    connection: &mut Connection,
    tenant: TenantId,
    passed: Option<RecordKey>,
    before: DateTime,
    limit: i64,
) -> Result<Vec<Old>, DbError> {
    let (at, id) = passed.unwrap_or((DateTime::UNIX_EPOCH, RecordId(Uuid::nil())));
    Ok(statement(
        "SELECT id, received_at, raw_expunged_at IS NULL AND (raw IS NOT NULL OR delivery_id IS NOT NULL) AS has_raw \
         FROM records WHERE tenant_id = $1 AND (received_at, id) > ($2, $3) AND received_at < $4 \
         ORDER BY received_at, id LIMIT $5",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// Empties rejected deliveries that were received before the time, and says how many.
pub(crate) async fn empty_rejected(
    connection: &mut Connection,
    tenant: TenantId,
    before: DateTime,
    limit: i64,
) -> Result<usize, DbError> {
    Ok(statement(
        "UPDATE deliveries SET body = '', headers = '{}' WHERE tenant_id = $1 AND id = ANY (ARRAY( \
             SELECT d.id FROM integrations i JOIN deliveries d ON d.integration_id = i.id AND d.outcome = 'rejected' \
             WHERE i.tenant_id = $1 AND d.tenant_id = $1 AND d.received_at < $2 AND octet_length(d.body) > 0 LIMIT $3))",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(limit)
    .execute(connection)
    .await?)
}
