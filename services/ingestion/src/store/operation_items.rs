//! The items of operations: what each record's part came to.

use common::{DateTime, DecisionId, OperationId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::item::{ItemResult, Tally};

/// An item that no worker has begun.
#[derive(Debug, QueryableByName)]
pub(crate) struct PendingItem {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) record_id: Uuid,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(crate) version: Option<i32>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) decision_before: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) decision_id: Option<Uuid>,
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
        "SELECT record_id, version, decision_before, decision_id FROM operation_items \
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

/// How an item ended that waited for another service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemEnd {
    pub(crate) record_id: RecordId,
    pub(crate) result: ItemResult,
    pub(crate) reason: Option<&'static str>,
    /// The decision that was made, and the one that stood before it.
    pub(crate) decision: Option<(DecisionId, Option<DecisionId>)>,
}

/// Why an item failed that no answer came for.
pub(crate) const UNANSWERED: &str = "no_answer";

/// Ends items that waited for another service, those that were given up too, and counts what that changes. The
/// operation's row must be locked.
pub(crate) async fn end_requested(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    ends: &[ItemEnd],
    now: DateTime,
) -> Result<Tally, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        result: String,
        #[diesel(sql_type = Text)]
        before: String,
    }
    let rows: Vec<Row> = statement(
        "UPDATE operation_items i SET result = e.result, reason = e.reason, decision_id = e.decision, \
             decision_before = coalesce(e.decision_before, i.decision_before), updated_at = $6 \
         FROM unnest($3, $4, $5, $7, $8) AS e (record_id, result, reason, decision, decision_before) \
         JOIN operation_items b ON b.operation_id = $1 AND b.record_id = e.record_id \
         WHERE i.operation_id = $1 AND i.tenant_id = $2 AND i.record_id = e.record_id \
           AND (i.result = 'requested' OR i.result = 'failed' AND i.reason = 'no_answer') \
         RETURNING i.result, b.result AS before",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(ends.iter().map(|end| end.record_id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ends.iter().map(|end| end.result.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(ends.iter().map(|end| end.reason).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Nullable<SqlUuid>>, _>(ends.iter().map(|end| end.decision.map(|(id, _)| id.0)).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(
        ends.iter().map(|end| end.decision.and_then(|(_, before)| before).map(|id| id.0)).collect::<Vec<_>>(),
    )
    .load(connection)
    .await?;
    let mut tally = Tally::default();
    for row in rows {
        for (result, count) in [(&row.result, 1), (&row.before, -1)] {
            if let Some(result) = ItemResult::parse(result) {
                tally.add(result, count);
            }
        }
    }
    Ok(tally)
}

/// Gives up items that have waited since before the time, and says how many. The operation's row must be locked.
pub(crate) async fn give_up(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    before: DateTime,
    now: DateTime,
) -> Result<i32, DbError> {
    let given_up = statement(
        "UPDATE operation_items SET result = 'failed', reason = $5, updated_at = $4 \
         WHERE operation_id = $1 AND tenant_id = $2 AND result = 'requested' AND updated_at < $3",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(before)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(UNANSWERED)
    .execute(connection)
    .await?;
    Ok(i32::try_from(given_up).unwrap_or(i32::MAX))
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
