//! Runs and their records.

use std::collections::HashMap;

use common::record::RecordStatus;
use common::{DateTime, RecordId, RunId, TenantId};
use db::{Connection, statement};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, from_json, known, to_json};
use crate::domain::run::{MAX_TOTAL, Run, RunItem, RunResult, RunScope, RunState, RunStatus, Tally};

/// A constant statement that reads runs.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant_id, status, dry_run, scope::text AS scope, rule_stage, rule_set_version, \
                    auto_accept_threshold, as_of, dry_run_id, total, changed, unchanged, failed, pinned, conflicts, \
                    created_by::text AS created_by, traceparent, created_at, ended_at FROM runs ",
            $rest
        )
    };
}

#[derive(QueryableByName)]
struct RunRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Bool)]
    dry_run: bool,
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Bool)]
    rule_stage: bool,
    #[diesel(sql_type = BigInt)]
    rule_set_version: i64,
    #[diesel(sql_type = Double)]
    auto_accept_threshold: f64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    as_of: Option<DateTime>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    dry_run_id: Option<Uuid>,
    #[diesel(sql_type = Integer)]
    total: i32,
    #[diesel(sql_type = Integer)]
    changed: i32,
    #[diesel(sql_type = Integer)]
    unchanged: i32,
    #[diesel(sql_type = Integer)]
    failed: i32,
    #[diesel(sql_type = Integer)]
    pinned: i32,
    #[diesel(sql_type = Integer)]
    conflicts: i32,
    #[diesel(sql_type = Text)]
    created_by: String,
    #[diesel(sql_type = Text)]
    traceparent: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime>,
}

#[derive(QueryableByName)]
struct ItemRow {
    #[diesel(sql_type = SqlUuid)]
    record_id: Uuid,
    #[diesel(sql_type = Text)]
    result: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    before: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    after: Option<String>,
}

impl TryFrom<RunRow> for Run {
    type Error = db::DbError;

    fn try_from(row: RunRow) -> Stored<Self> {
        let RunRow { changed, unchanged, failed, pinned, conflicts, .. } = row;
        Ok(Self {
            id: RunId(row.id),
            tenant_id: TenantId(row.tenant_id),
            status: known("runs.status", &row.status, RunStatus::parse)?,
            dry_run: row.dry_run,
            scope: from_json(&row.scope)?,
            rule_stage: row.rule_stage,
            rule_set_version: row.rule_set_version,
            auto_accept_threshold: row.auto_accept_threshold,
            as_of: row.as_of,
            dry_run_id: row.dry_run_id.map(RunId),
            total: row.total,
            tally: Tally { changed, unchanged, failed, pinned, conflicts },
            created_by: from_json(&row.created_by)?,
            traceparent: row.traceparent,
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

impl TryFrom<ItemRow> for RunItem {
    type Error = db::DbError;

    fn try_from(row: ItemRow) -> Stored<Self> {
        Ok(Self {
            record_id: RecordId(row.record_id),
            result: known("run_items.result", &row.result, RunResult::parse)?,
            reason: row.reason,
            before: row.before.as_deref().map(from_json::<RunState>).transpose()?,
            after: row.after.as_deref().map(from_json::<RunState>).transpose()?,
        })
    }
}

/// Keeps a run that begins.
pub(crate) async fn insert(connection: &mut Connection, run: &Run) -> Stored<()> {
    statement(
        "INSERT INTO runs (id, tenant_id, status, dry_run, scope, rule_stage, rule_set_version, \
                           auto_accept_threshold, as_of, dry_run_id, total, created_by, traceparent, created_at) \
         VALUES ($1, $2, $3, $4, $5::json, $6, $7, $8, $9, $10, $11, $12::json, $13, $14)",
    )
    .bind::<SqlUuid, _>(run.id.0)
    .bind::<SqlUuid, _>(run.tenant_id.0)
    .bind::<Text, _>(run.status.as_str())
    .bind::<Bool, _>(run.dry_run)
    .bind::<Text, _>(to_json(&run.scope)?)
    .bind::<Bool, _>(run.rule_stage)
    .bind::<BigInt, _>(run.rule_set_version)
    .bind::<Double, _>(run.auto_accept_threshold)
    .bind::<Nullable<Timestamptz>, _>(run.as_of)
    .bind::<Nullable<SqlUuid>, _>(run.dry_run_id.map(|id| id.0))
    .bind::<Integer, _>(run.total)
    .bind::<Text, _>(to_json(&run.created_by)?)
    .bind::<Text, _>(&run.traceparent)
    .bind::<Timestamptz, _>(run.created_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Fixes the records of a run that begins, and says how many there are; of more than may be, one more.
pub(crate) async fn add_items(
    connection: &mut Connection,
    tenant: TenantId,
    run: RunId,
    scope: &RunScope,
) -> Stored<usize> {
    let ids = scope.record_ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    let limit = i64::try_from(MAX_TOTAL).unwrap_or(i64::MAX).saturating_add(1);
    // Named records are looked up by their key; a plan for both would read all records for ten ids.
    let sql = if ids.is_some() {
        "INSERT INTO run_items (run_id, record_id, tenant_id) \
         SELECT $1, r.id, $2 FROM records r JOIN decisions c ON c.record_id = r.id AND c.id = r.current_decision_id \
         WHERE r.tenant_id = $2 AND r.id = ANY ($3) AND ($4::text IS NULL OR r.source = $4) \
           AND ($5::uuid IS NULL OR r.integration_id = $5) AND ($6::text IS NULL OR c.status = $6) \
           AND ($7::text IS NULL OR c.label = $7) AND r.received_at >= $8 AND ($9::timestamptz IS NULL OR r.received_at < $9) \
         LIMIT $10"
    } else {
        "INSERT INTO run_items (run_id, record_id, tenant_id) \
         SELECT $1, r.id, $2 FROM records r JOIN decisions c ON c.record_id = r.id AND c.id = r.current_decision_id \
         WHERE r.tenant_id = $2 AND $3::uuid[] IS NULL AND ($4::text IS NULL OR r.source = $4) \
           AND ($5::uuid IS NULL OR r.integration_id = $5) AND ($6::text IS NULL OR c.status = $6) \
           AND ($7::text IS NULL OR c.label = $7) AND r.received_at >= $8 AND ($9::timestamptz IS NULL OR r.received_at < $9) \
         LIMIT $10"
    };
    Ok(statement(sql)
        .bind::<SqlUuid, _>(run.0)
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Nullable<Array<SqlUuid>>, _>(ids)
        .bind::<Nullable<Text>, _>(scope.source.as_deref())
        .bind::<Nullable<SqlUuid>, _>(scope.integration_id.map(|id| id.0))
        .bind::<Nullable<Text>, _>(scope.status.map(RecordStatus::as_str))
        .bind::<Nullable<Text>, _>(scope.label.as_deref())
        .bind::<Timestamptz, _>(scope.from.unwrap_or(DateTime::UNIX_EPOCH))
        .bind::<Nullable<Timestamptz>, _>(scope.to)
        .bind::<BigInt, _>(limit)
        .execute(connection)
        .await?)
}

/// Fixes as a run's records those that a dry run would change, and says how many there are.
pub(crate) async fn add_items_of(
    connection: &mut Connection,
    tenant: TenantId,
    run: RunId,
    dry_run: RunId,
) -> Stored<usize> {
    Ok(statement(
        "INSERT INTO run_items (run_id, record_id, tenant_id) \
         SELECT $1, record_id, $2 FROM run_items WHERE tenant_id = $2 AND run_id = $3 AND result = 'changed'",
    )
    .bind::<SqlUuid, _>(run.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(dry_run.0)
    .execute(connection)
    .await?)
}

/// Says how many records the run has.
pub(crate) async fn set_total(connection: &mut Connection, tenant: TenantId, id: RunId, total: i32) -> Stored<()> {
    statement("UPDATE runs SET total = $3 WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Integer, _>(total)
        .execute(connection)
        .await?;
    Ok(())
}

/// The run.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId, id: RunId) -> Stored<Option<Run>> {
    let row: Option<RunRow> = statement(select!("WHERE tenant_id = $1 AND id = $2"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .get_result(connection)
        .await
        .optional()?;
    row.map(Run::try_from).transpose()
}

/// The same, once nobody else is at it.
pub(crate) async fn lock(connection: &mut Connection, tenant: TenantId, id: RunId) -> Stored<Option<Run>> {
    statement("SELECT FROM runs WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(connection)
        .await?;
    find(connection, tenant, id).await
}

/// The same, if it runs and nobody else is at it. The row's lock is the lease, so a worker that dies gives it back.
pub(crate) async fn lease(connection: &mut Connection, tenant: TenantId, id: RunId) -> Stored<Option<Run>> {
    let leased =
        statement("SELECT FROM runs WHERE tenant_id = $1 AND id = $2 AND status = 'running' FOR UPDATE SKIP LOCKED")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<SqlUuid, _>(id.0)
            .execute(connection)
            .await?;
    if leased == 0 { Ok(None) } else { find(connection, tenant, id).await }
}

/// Runs that are not at their end, the oldest first. Needs the system's scope.
pub(crate) async fn running(connection: &mut Connection, limit: i64) -> Stored<Vec<(TenantId, RunId)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = statement("SELECT tenant_id, id FROM runs WHERE status = 'running' ORDER BY id LIMIT $1")
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), RunId(row.id))).collect())
}

/// The next records of a run whose turn it is, in the order of their ids.
pub(crate) async fn next_items(
    connection: &mut Connection,
    tenant: TenantId,
    id: RunId,
    limit: i64,
) -> Stored<Vec<RecordId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        record_id: Uuid,
    }
    let rows: Vec<Row> = statement(
        "SELECT record_id FROM run_items WHERE tenant_id = $1 AND run_id = $2 AND result IS NULL \
         ORDER BY record_id LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| RecordId(row.record_id)).collect())
}

/// Notes what came of records, and counts them.
pub(crate) async fn note(connection: &mut Connection, tenant: TenantId, id: RunId, items: &[RunItem]) -> Stored<()> {
    let json = |state: &Option<RunState>| state.as_ref().map(to_json).transpose();
    let before = items.iter().map(|item| json(&item.before)).collect::<Stored<Vec<_>>>()?;
    let after = items.iter().map(|item| json(&item.after)).collect::<Stored<Vec<_>>>()?;
    statement(
        "UPDATE run_items i SET result = e.result, reason = e.reason, \"before\" = e.before::json, \
                                \"after\" = e.after::json \
         FROM unnest($3, $4, $5, $6, $7) AS e (record_id, result, reason, before, after) \
         WHERE i.tenant_id = $1 AND i.run_id = $2 AND i.record_id = e.record_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Array<SqlUuid>, _>(items.iter().map(|item| item.record_id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(items.iter().map(|item| item.result.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(items.iter().map(|item| item.reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(before)
    .bind::<Array<Nullable<Text>>, _>(after)
    .execute(connection)
    .await?;
    let tally = Tally::of(items);
    statement(
        "UPDATE runs SET changed = changed + $3, unchanged = unchanged + $4, failed = failed + $5, \
                         pinned = pinned + $6, conflicts = conflicts + $7 WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Integer, _>(tally.changed)
    .bind::<Integer, _>(tally.unchanged)
    .bind::<Integer, _>(tally.failed)
    .bind::<Integer, _>(tally.pinned)
    .bind::<Integer, _>(tally.conflicts)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a run.
pub(crate) async fn end(
    connection: &mut Connection,
    tenant: TenantId,
    id: RunId,
    status: RunStatus,
    at: DateTime,
) -> Stored<()> {
    statement("UPDATE runs SET status = $3, ended_at = $4 WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Text, _>(status.as_str())
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Runs newest first, those before `before` only.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<RunId>,
    limit: i64,
) -> Stored<Vec<Run>> {
    let rows: Vec<RunRow> =
        statement(select!("WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"))
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Nullable<SqlUuid>, _>(before.map(|id| id.0))
            .bind::<BigInt, _>(limit)
            .load(connection)
            .await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// Records of a run that had their turn, in the order of their ids, those after `after` only.
pub(crate) async fn list_items(
    connection: &mut Connection,
    tenant: TenantId,
    id: RunId,
    result: Option<RunResult>,
    after: Option<RecordId>,
    limit: i64,
) -> Stored<Vec<RunItem>> {
    let rows: Vec<ItemRow> = statement(
        "SELECT record_id, result, reason, \"before\"::text AS before, \"after\"::text AS after FROM run_items \
         WHERE tenant_id = $1 AND run_id = $2 AND result IS NOT NULL AND ($3::text IS NULL OR result = $3) \
           AND ($4::uuid IS NULL OR record_id > $4) ORDER BY record_id LIMIT $5",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Nullable<Text>, _>(result.map(RunResult::as_str))
    .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.0))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(RunItem::try_from).collect()
}

/// What a run says of some records.
pub(crate) async fn items(
    connection: &mut Connection,
    tenant: TenantId,
    id: RunId,
    records: &[RecordId],
) -> Stored<HashMap<RecordId, RunItem>> {
    let rows: Vec<ItemRow> = statement(
        "SELECT record_id, result, reason, \"before\"::text AS before, \"after\"::text AS after FROM run_items \
         WHERE tenant_id = $1 AND run_id = $2 AND result IS NOT NULL AND record_id = ANY ($3)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Array<SqlUuid>, _>(records.iter().map(|id| id.0).collect::<Vec<_>>())
    .load(connection)
    .await?;
    rows.into_iter().map(|row| RunItem::try_from(row).map(|item| (item.record_id, item))).collect()
}
