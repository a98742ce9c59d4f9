//! Operations on many records: how they are asked for, leased, counted and ended.

use common::event::Cause;
use common::{DateTime, IntegrationId, OperationId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::item::Tally;

/// An operation that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewOperation {
    pub(crate) id: OperationId,
    /// A work's name, or `revert`.
    pub(crate) action: &'static str,
    /// The source that it is about, where it is about one.
    pub(crate) integration_id: Option<IntegrationId>,
    /// The operation that this one undoes, and the act that it was.
    pub(crate) reverts: Option<(OperationId, &'static str)>,
    /// The label that the records are to have.
    pub(crate) label: Option<String>,
    /// JSON text.
    pub(crate) selection: String,
    pub(crate) matched: i32,
}

/// An operation as stored.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct OperationRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) action: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) integration_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) reverts: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) reverted_action: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) reverted_by: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) label: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) status: String,
    #[diesel(sql_type = Text)]
    pub(crate) selection: String,
    #[diesel(sql_type = Integer)]
    pub(crate) matched: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) changed: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) unchanged: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) skipped: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) conflicts: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) failed: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) cancelled: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) cancelled_by: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) created_by: String,
    #[diesel(sql_type = Text)]
    pub(crate) traceparent: String,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) updated_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) completed_at: Option<DateTime>,
}

/// Which operation, of whom.
#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

impl KeyRow {
    const fn into_key(self) -> (OperationId, TenantId) {
        (OperationId(self.id), TenantId(self.tenant_id))
    }
}

macro_rules! operation {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.tenant_id, o.action, o.integration_id, o.reverts, o.reverted_action, ",
            "(SELECT r.id FROM operations r WHERE r.reverts = o.id AND r.tenant_id = o.tenant_id) AS reverted_by, ",
            "o.label, o.status, o.selection::text AS selection, o.matched, o.changed, o.unchanged, o.skipped, ",
            "o.conflicts, o.failed, o.cancelled, o.cancelled_by::text AS cancelled_by, ",
            "o.created_by::text AS created_by, o.traceparent, o.created_at, o.updated_at, o.completed_at ",
            "FROM operations o ",
            $rest
        )
    };
}

/// Stores an operation; one of nothing is completed at once.
pub(crate) async fn insert(connection: &mut Connection, cause: &Cause, new: &NewOperation) -> Result<(), DbError> {
    statement(
        "INSERT INTO operations (id, tenant_id, action, reverts, reverted_action, status, selection, has_pending, \
             matched, created_by, traceparent, created_at, updated_at, completed_at, integration_id, label) \
         VALUES ($1, $2, $3, $4, $5, CASE WHEN $7 > 0 THEN 'running' ELSE 'completed' END, $6::json, $7 > 0, $7, \
             $8::json, $9, $10, $10, CASE WHEN $7 > 0 THEN NULL ELSE $10 END, $11, $12)",
    )
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<SqlUuid, _>(cause.tenant_id.0)
    .bind::<Text, _>(new.action)
    .bind::<Nullable<SqlUuid>, _>(new.reverts.map(|(id, _)| id.0))
    .bind::<Nullable<Text>, _>(new.reverts.map(|(_, action)| action))
    .bind::<Text, _>(new.selection.as_str())
    .bind::<Integer, _>(new.matched)
    .bind::<Text, _>(serde_json::to_string(&cause.actor).unwrap_or_else(|_| "{}".into()))
    .bind::<Text, _>(cause.trace.to_string())
    .bind::<Timestamptz, _>(cause.at)
    .bind::<Nullable<SqlUuid>, _>(new.integration_id.map(|id| id.0))
    .bind::<Nullable<Text>, _>(new.label.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives an operation its items.
pub(crate) async fn add_items(
    connection: &mut Connection,
    cause: &Cause,
    operation: OperationId,
    records: &[Uuid],
) -> Result<(), DbError> {
    statement(
        "INSERT INTO operation_items (operation_id, record_id, tenant_id, result, updated_at) \
         SELECT $1, id, $2, 'pending', $4 FROM unnest($3) AS e (id)",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(cause.tenant_id.0)
    .bind::<Array<SqlUuid>, _>(records)
    .bind::<Timestamptz, _>(cause.at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a revert the items that the operation it undoes has changed.
pub(crate) async fn add_items_to_revert(
    connection: &mut Connection,
    cause: &Cause,
    revert: OperationId,
    of: OperationId,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO operation_items (operation_id, record_id, tenant_id, result, version, decision_before, decision_id, \
             before, updated_at) \
         SELECT $1, record_id, tenant_id, 'pending', version, decision_before, decision_id, before, $4 \
         FROM operation_items \
         WHERE operation_id = $3 AND tenant_id = $2 AND result = 'changed'",
    )
    .bind::<SqlUuid, _>(revert.0)
    .bind::<SqlUuid, _>(cause.tenant_id.0)
    .bind::<SqlUuid, _>(of.0)
    .bind::<Timestamptz, _>(cause.at)
    .execute(connection)
    .await?;
    Ok(())
}

/// One operation.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: OperationId,
) -> Result<Option<OperationRow>, DbError> {
    load(connection, operation!("WHERE o.tenant_id = $1 AND o.id = $2"), (id, tenant)).await
}

/// One operation that nobody else changes until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    tenant: TenantId,
    id: OperationId,
) -> Result<Option<OperationRow>, DbError> {
    load(connection, operation!("WHERE o.tenant_id = $1 AND o.id = $2 FOR UPDATE OF o"), (id, tenant)).await
}

/// Takes the lease on an operation until the transaction ends; `None` when another worker has it or nothing is left.
pub(crate) async fn lease(
    connection: &mut Connection,
    key: (OperationId, TenantId),
) -> Result<Option<OperationRow>, DbError> {
    const LEASE: &str =
        operation!("WHERE o.tenant_id = $1 AND o.id = $2 AND o.has_pending FOR UPDATE OF o SKIP LOCKED");
    load(connection, LEASE, key).await
}

async fn load(
    connection: &mut Connection,
    sql: &'static str,
    (id, tenant): (OperationId, TenantId),
) -> Result<Option<OperationRow>, DbError> {
    let query = statement(sql).bind::<SqlUuid, _>(tenant.0).bind::<SqlUuid, _>(id.0);
    Ok(query.get_result(connection).await.optional()?)
}

/// The tenant's operations, newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<OperationId>,
    limit: i64,
) -> Result<Vec<OperationRow>, DbError> {
    Ok(statement(operation!("WHERE o.tenant_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(before.map_or_else(Uuid::max, |id| id.0))
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?)
}

/// Operations that have items left to begin, oldest first. Needs the system's scope.
pub(crate) async fn pending(connection: &mut Connection) -> Result<Vec<(OperationId, TenantId)>, DbError> {
    let rows: Vec<KeyRow> = statement("SELECT id, tenant_id FROM operations WHERE has_pending ORDER BY id LIMIT 100")
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(KeyRow::into_key).collect())
}

/// Says that a worker has begun every item.
pub(crate) async fn all_begun(connection: &mut Connection, operation: &OperationRow) -> Result<(), DbError> {
    statement("UPDATE operations SET has_pending = false WHERE id = $1 AND tenant_id = $2")
        .bind::<SqlUuid, _>(operation.id)
        .bind::<SqlUuid, _>(operation.tenant_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Has no worker begin what is left; `None` when the operation has ended or ends already.
pub(crate) async fn cancel(
    connection: &mut Connection,
    cause: &Cause,
    id: OperationId,
) -> Result<Option<i32>, DbError> {
    let stopped = statement(
        "UPDATE operations SET status = 'cancelling', has_pending = false, cancelled_by = $3::json, updated_at = $4 \
         WHERE tenant_id = $1 AND id = $2 AND status = 'running'",
    )
    .bind::<SqlUuid, _>(cause.tenant_id.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(serde_json::to_string(&cause.actor).unwrap_or_else(|_| "{}".into()))
    .bind::<Timestamptz, _>(cause.at)
    .execute(connection)
    .await?;
    if stopped == 0 {
        return Ok(None);
    }
    let left = statement(
        "UPDATE operation_items SET result = 'cancelled', updated_at = $3 \
         WHERE tenant_id = $1 AND operation_id = $2 AND result = 'pending'",
    )
    .bind::<SqlUuid, _>(cause.tenant_id.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(cause.at)
    .execute(connection)
    .await?;
    Ok(Some(i32::try_from(left).unwrap_or(i32::MAX)))
}

/// Counts ended items; when the last one ends the operation, it is returned. The operation's row must be locked.
///
/// An answer that comes after its item was given up is still counted, and changes no end.
pub(crate) async fn count(
    connection: &mut Connection,
    (id, tenant): (OperationId, TenantId),
    tally: Tally,
    now: DateTime,
) -> Result<Option<OperationRow>, DbError> {
    statement(
        "UPDATE operations SET changed = changed + $3, unchanged = unchanged + $4, skipped = skipped + $5, \
             conflicts = conflicts + $6, failed = failed + $7, cancelled = cancelled + $8, updated_at = $9 \
         WHERE id = $1 AND tenant_id = $2",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Integer, _>(tally.changed)
    .bind::<Integer, _>(tally.unchanged)
    .bind::<Integer, _>(tally.skipped)
    .bind::<Integer, _>(tally.conflicts)
    .bind::<Integer, _>(tally.failed)
    .bind::<Integer, _>(tally.cancelled)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    let ended = statement(
        "UPDATE operations SET completed_at = $3, \
             status = CASE WHEN status = 'cancelling' THEN 'cancelled' ELSE 'completed' END \
         WHERE id = $1 AND tenant_id = $2 AND completed_at IS NULL \
           AND changed + unchanged + skipped + conflicts + failed + cancelled >= matched",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    if ended == 0 { Ok(None) } else { find(connection, tenant, id).await }
}

/// Operations some of whose items have waited for another service since before the time. Needs the system's scope.
pub(crate) async fn unanswered(
    connection: &mut Connection,
    before: DateTime,
) -> Result<Vec<(OperationId, TenantId)>, DbError> {
    let rows: Vec<KeyRow> = statement(
        "SELECT DISTINCT operation_id AS id, tenant_id FROM ( \
             SELECT operation_id, tenant_id FROM operation_items \
             WHERE result = 'requested' AND updated_at < $1 ORDER BY updated_at LIMIT 10000) AS waiting ORDER BY id",
    )
    .bind::<Timestamptz, _>(before)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(KeyRow::into_key).collect())
}
