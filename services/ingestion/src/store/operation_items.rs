//! The items of operations: what each record's part came to.

use common::{DateTime, DecisionId, OperationId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::item::ItemResult;

/// An item that no worker has begun.
#[derive(Debug, QueryableByName)]
pub(crate) struct PendingItem {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) record_id: Uuid,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(crate) version: Option<i32>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) decision_before: Option<Uuid>,
}

/// What an item came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemOutcome {
    pub(crate) record_id: RecordId,
    pub(crate) result: ItemResult,
    pub(crate) reason: Option<&'static str>,
    /// The record's version that the act made, and the decision that stood before it.
    pub(crate) version: Option<i32>,
    pub(crate) decision_before: Option<DecisionId>,
}

/// An item as callers see it.
#[derive(Debug, QueryableByName)]
pub(crate) struct ItemRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) record_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) result: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) reason: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(crate) version: Option<i32>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) made_record_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) updated_at: DateTime,
}

/// The next items to begin. The operation must be leased.
pub(crate) async fn next(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    limit: i64,
) -> Result<Vec<PendingItem>, DbError> {
    Ok(statement(
        "SELECT record_id, version, decision_before FROM operation_items \
         WHERE operation_id = $1 AND tenant_id = $2 AND result = 'pending' ORDER BY record_id LIMIT $3",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// Notes what items came to. What is null in an outcome stays as the item has it.
pub(crate) async fn note(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    outcomes: &[ItemOutcome],
    now: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE operation_items i SET result = e.result, reason = e.reason, \
             version = coalesce(e.version, i.version), decision_before = coalesce(e.decision, i.decision_before), \
             updated_at = $8 \
         FROM unnest($3, $4, $5, $6, $7) AS e (record_id, result, reason, version, decision) \
         WHERE i.operation_id = $1 AND i.tenant_id = $2 AND i.record_id = e.record_id",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(outcomes.iter().map(|one| one.record_id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(outcomes.iter().map(|one| one.result.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(outcomes.iter().map(|one| one.reason).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(outcomes.iter().map(|one| one.version).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(
        outcomes.iter().map(|one| one.decision_before.map(|id| id.0)).collect::<Vec<_>>(),
    )
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends items that waited for another service, and returns the results of those that had not ended before.
pub(crate) async fn end_requested(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    ends: &[(RecordId, ItemResult, Option<&'static str>)],
    now: DateTime,
) -> Result<Vec<ItemResult>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        result: String,
    }
    let rows: Vec<Row> = statement(
        "UPDATE operation_items i SET result = e.result, reason = e.reason, updated_at = $6 \
         FROM unnest($3, $4, $5) AS e (record_id, result, reason) \
         WHERE i.operation_id = $1 AND i.tenant_id = $2 AND i.record_id = e.record_id AND i.result = 'requested' \
         RETURNING i.result",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(ends.iter().map(|(id, ..)| id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ends.iter().map(|(_, result, _)| result.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(ends.iter().map(|(.., reason)| *reason).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    Ok(rows.iter().filter_map(|row| ItemResult::parse(&row.result)).collect())
}

/// The items of an operation by record, of one result or of all.
pub(crate) async fn list(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    result: Option<ItemResult>,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<ItemRow>, DbError> {
    Ok(statement(
        "SELECT record_id, result, reason, version, made_record_id, updated_at FROM operation_items \
         WHERE operation_id = $1 AND tenant_id = $2 AND record_id > $3 AND ($4::text IS NULL OR result = $4) \
         ORDER BY record_id LIMIT $5",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(after.map_or_else(Uuid::nil, |id| id.0))
    .bind::<Nullable<Text>, _>(result.map(ItemResult::as_str))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}
