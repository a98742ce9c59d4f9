//! Operations on many records, and how each of their items ended.

use common::event::Cause;
use common::{DateTime, IntegrationId, OperationId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

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

macro_rules! operation {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.tenant_id, o.action, o.integration_id, o.reverts, o.reverted_action, ",
            "(SELECT r.id FROM operations r WHERE r.reverts = o.id AND r.tenant_id = o.tenant_id) AS reverted_by, ",
            "o.status, o.selection::text AS selection, o.matched, o.changed, o.unchanged, o.skipped, o.conflicts, ",
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
             matched, created_by, traceparent, created_at, updated_at, completed_at, integration_id) \
         VALUES ($1, $2, $3, $4, $5, CASE WHEN $7 > 0 THEN 'running' ELSE 'completed' END, $6::json, $7 > 0, $7, \
             $8::json, $9, $10, $10, CASE WHEN $7 > 0 THEN NULL ELSE $10 END, $11)",
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
        "INSERT INTO operation_items (operation_id, record_id, tenant_id, result, version, decision_before, before, \
             updated_at) \
         SELECT $1, record_id, tenant_id, 'pending', version, decision_before, before, $4 FROM operation_items \
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
    let row = statement(operation!("WHERE o.tenant_id = $1 AND o.id = $2"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row)
}

/// One operation that nobody else changes until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    tenant: TenantId,
    id: OperationId,
) -> Result<Option<OperationRow>, DbError> {
    let row = statement(operation!("WHERE o.tenant_id = $1 AND o.id = $2 FOR UPDATE OF o"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row)
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
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
    }
    let rows: Vec<Row> = statement("SELECT id, tenant_id FROM operations WHERE has_pending ORDER BY id LIMIT 100")
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (OperationId(row.id), TenantId(row.tenant_id))).collect())
}

/// Takes the lease on an operation until the transaction ends; `None` when another worker has it or nothing is left.
pub(crate) async fn lease(
    connection: &mut Connection,
    (id, tenant): (OperationId, TenantId),
) -> Result<Option<OperationRow>, DbError> {
    let row =
        statement(operation!("WHERE o.tenant_id = $1 AND o.id = $2 AND o.has_pending FOR UPDATE OF o SKIP LOCKED"))
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<SqlUuid, _>(id.0)
            .get_result(connection)
            .await
            .optional()?;
    Ok(row)
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

/// Counts ended items; the last one completes the operation, which is then returned.
pub(crate) async fn count(
    connection: &mut Connection,
    (id, tenant): (OperationId, TenantId),
    [changed, unchanged, skipped, conflicts]: [i32; 4],
    now: DateTime,
) -> Result<Option<OperationRow>, DbError> {
    let updated = statement(
        "UPDATE operations SET changed = changed + $3, unchanged = unchanged + $4, skipped = skipped + $5, \
             conflicts = conflicts + $6, updated_at = $7, \
             status = CASE WHEN changed + unchanged + skipped + conflicts + $3 + $4 + $5 + $6 >= matched \
                      THEN 'completed' ELSE status END, \
             completed_at = CASE WHEN changed + unchanged + skipped + conflicts + $3 + $4 + $5 + $6 >= matched \
                      THEN $7 ELSE completed_at END \
         WHERE id = $1 AND tenant_id = $2 AND status = 'running'",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Integer, _>(changed)
    .bind::<Integer, _>(unchanged)
    .bind::<Integer, _>(skipped)
    .bind::<Integer, _>(conflicts)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    if updated == 0 {
        return Ok(None);
    }
    Ok(find(connection, tenant, id).await?.filter(|row| row.status == "completed"))
}
