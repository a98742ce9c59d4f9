//! Acts on records: lock them, carry the act out, keep it in their histories.

use common::event::Cause;
use common::record::RecordStatus;
use common::{DateTime, DecisionId, OperationId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::act::Act;
use crate::domain::history::is_person;

/// A record that nobody else changes until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locked {
    pub(crate) id: RecordId,
    pub(crate) version: i32,
    pub(crate) status: RecordStatus,
    pub(crate) decided_by_human: bool,
    pub(crate) decision_id: Option<DecisionId>,
}

#[derive(QueryableByName)]
struct LockedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Bool)]
    decided_by_human: bool,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    decision_id: Option<Uuid>,
}

/// Locks the tenant's records among these, in the order of their ids as every writer of many does.
pub(crate) async fn lock(
    connection: &mut Connection,
    tenant: TenantId,
    records: &[Uuid],
) -> Result<Vec<Locked>, DbError> {
    let rows: Vec<LockedRow> = statement(
        "SELECT id, version, status, decided_by_human, decision_id FROM records \
         WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(records)
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Locked {
            id: RecordId(row.id),
            version: row.version,
            // The column's CHECK knows the same names.
            status: RecordStatus::parse(&row.status).unwrap_or(RecordStatus::Failed),
            decided_by_human: row.decided_by_human,
            decision_id: row.decision_id.map(DecisionId),
        })
        .collect())
}

/// Carries the act out on locked records that have no obstacle to it; each is a version further afterwards.
pub(crate) async fn carry_out(
    connection: &mut Connection,
    cause: &Cause,
    (act, operation): (Act, Option<OperationId>),
    records: &[Uuid],
) -> Result<(), DbError> {
    let act = match act {
        Act::Archive => ARCHIVE,
        Act::Restore => RESTORE,
        Act::Reprocess => REPROCESS,
        // The record changes when the decision comes, by itself.
        Act::Relabel => return Ok(()),
    };
    statement(act)
        .bind::<SqlUuid, _>(cause.tenant_id.0)
        .bind::<Array<SqlUuid>, _>(records)
        .bind::<Timestamptz, _>(cause.at)
        .bind::<Nullable<SqlUuid>, _>(operation.map(|id| id.0))
        .bind::<Text, _>(serde_json::to_string(&cause.actor).unwrap_or_else(|_| "{}".into()))
        .bind::<Bool, _>(is_person(&cause.actor))
        .execute(connection)
        .await?;
    super::facets::refresh(connection, &[cause.tenant_id.0], records).await
}

/// Takes locked records' raw forms away, from every receipt of them.
pub(crate) async fn expunge_raw(connection: &mut Connection, cause: &Cause, records: &[Uuid]) -> Result<(), DbError> {
    for receipts in [
        "UPDATE deliveries SET body = '', headers = '{}' WHERE tenant_id = $1 \
         AND id = ANY (ARRAY(SELECT delivery_id FROM records WHERE tenant_id = $1 AND id = ANY ($2)))",
        "UPDATE deliveries SET body = '', headers = '{}' \
         WHERE tenant_id = $1 AND record_id = ANY ($2) AND outcome = 'duplicate'",
    ] {
        statement(receipts)
            .bind::<SqlUuid, _>(cause.tenant_id.0)
            .bind::<Array<SqlUuid>, _>(records)
            .execute(connection)
            .await?;
    }
    statement(EXPUNGE)
        .bind::<SqlUuid, _>(cause.tenant_id.0)
        .bind::<Array<SqlUuid>, _>(records)
        .bind::<Timestamptz, _>(cause.at)
        .bind::<Nullable<SqlUuid>, _>(None::<Uuid>)
        .bind::<Text, _>(serde_json::to_string(&cause.actor).unwrap_or_else(|_| "{}".into()))
        .bind::<Bool, _>(is_person(&cause.actor))
        .execute(connection)
        .await?;
    super::facets::refresh(connection, &[cause.tenant_id.0], records).await
}

/// Those of the records that a person changed after the version that is given for each.
pub(crate) async fn changed_by_people_since(
    connection: &mut Connection,
    tenant: TenantId,
    records: &[(Uuid, i32)],
) -> Result<Vec<Uuid>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let (ids, versions): (Vec<Uuid>, Vec<i32>) = records.iter().copied().unzip();
    let rows: Vec<Row> = statement(
        "SELECT e.id FROM unnest($2, $3) AS e (id, version) WHERE EXISTS ( \
             SELECT FROM record_history h WHERE h.record_id = e.id AND h.tenant_id = $1 \
               AND h.version > e.version AND h.by_person)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(versions)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

macro_rules! act {
    ($action:literal, $set:literal) => {
        concat!(
            "WITH changed AS (UPDATE records SET ",
            $set,
            "updated_at = $3, version = version + 1 WHERE tenant_id = $1 AND id = ANY ($2) RETURNING *) ",
            "INSERT INTO record_history (record_id, version, tenant_id, action, status, label, stage, confidence, ",
            "decision_id, operation_id, actor, by_person, at) ",
            "SELECT id, version, tenant_id, '",
            $action,
            "', status, label, stage, confidence, decision_id, $4, $5::json, $6, $3 FROM changed"
        )
    };
}

const ARCHIVE: &str = act!("archived", "archived_from = status, status = 'archived', ");
const RESTORE: &str = act!("restored", "status = coalesce(archived_from, 'ingested'), archived_from = NULL, ");
const EXPUNGE: &str = act!("raw_expunged", "raw = NULL, raw_expunged_at = $3, ");
const REPROCESS: &str = act!("reprocess_requested", "");

/// What became of a record, from one version to the next.
#[derive(Debug, QueryableByName)]
pub(crate) struct HistoryRow {
    #[diesel(sql_type = Integer)]
    pub(crate) version: i32,
    #[diesel(sql_type = Text)]
    pub(crate) action: String,
    #[diesel(sql_type = Text)]
    pub(crate) status: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) label: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) stage: String,
    #[diesel(sql_type = Nullable<diesel::sql_types::Double>)]
    pub(crate) confidence: Option<f64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) decision_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) operation_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    pub(crate) actor: String,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime,
}

/// A record's history, newest first, below the version `before`.
pub(crate) async fn history(
    connection: &mut Connection,
    (tenant, record): (TenantId, RecordId),
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<HistoryRow>, DbError> {
    Ok(statement(
        "SELECT version, action, status, label, stage, confidence, decision_id, operation_id, actor::text AS actor, at \
         FROM record_history WHERE tenant_id = $1 AND record_id = $2 AND version < $3 \
         ORDER BY version DESC LIMIT $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(record.0)
    .bind::<Integer, _>(before.unwrap_or(i32::MAX))
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .load(connection)
    .await?)
}
