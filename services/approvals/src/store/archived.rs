//! Which records are archived, and what that does to their questions.

use common::{Actor, DateTime, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::json::text;

/// A record that was archived or restored.
#[derive(Clone, Debug)]
pub(crate) struct Shelving {
    pub(crate) tenant: TenantId,
    pub(crate) record: RecordId,
    /// Archived, or else restored.
    pub(crate) archived: bool,
    pub(crate) at: DateTime,
    pub(crate) by: Actor,
}

/// Keeps what is newer than what is known, and returns the places of it in the batch. Each record may be there once.
pub(crate) async fn keep(connection: &mut Connection, shelvings: &[Shelving]) -> Result<Vec<Uuid>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        record_id: Uuid,
    }
    let rows: Vec<Row> = statement(
        "INSERT INTO archived_records AS known (tenant_id, record_id, archived, at) \
         SELECT * FROM unnest($1, $2, $3, $4) AS e (tenant, record, archived, at) ORDER BY tenant, record \
         ON CONFLICT (tenant_id, record_id) DO UPDATE SET archived = excluded.archived, at = excluded.at \
         WHERE known.at < excluded.at RETURNING record_id",
    )
    .bind::<Array<SqlUuid>, _>(shelvings.iter().map(|one| one.tenant.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(shelvings.iter().map(|one| one.record.0).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(shelvings.iter().map(|one| one.archived).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(shelvings.iter().map(|one| one.at).collect::<Vec<_>>())
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.record_id).collect())
}

/// Closes the open questions about the records.
pub(crate) async fn close(connection: &mut Connection, shelvings: &[&Shelving], now: DateTime) -> Result<(), DbError> {
    note(
        connection,
        "WITH given AS (SELECT * FROM unnest($1, $2, $3) AS e (tenant, record, actor)), closed AS ( \
             UPDATE approvals AS a SET status = 'expired', closed_by_archive = true, version = a.version + 1, \
                 claimed_by = NULL, claimed_by_name = NULL, claim_expires_at = NULL FROM given AS e \
             WHERE a.tenant_id = e.tenant AND a.record_id = e.record AND a.status = 'pending' \
             RETURNING a.tenant_id, a.id, e.actor) \
         INSERT INTO approval_events (tenant_id, approval_id, at, actor, action) \
         SELECT tenant_id, id, $4, actor::json, 'expired' FROM closed",
        shelvings,
        now,
    )
    .await
}

/// Opens the questions again that were closed because of the archiving, unless another one has come since.
pub(crate) async fn reopen(connection: &mut Connection, shelvings: &[&Shelving], now: DateTime) -> Result<(), DbError> {
    note(
        connection,
        "WITH given AS (SELECT * FROM unnest($1, $2, $3) AS e (tenant, record, actor)), opened AS ( \
             UPDATE approvals AS a SET status = 'pending', closed_by_archive = false, version = a.version + 1 \
             FROM given AS e \
             WHERE a.tenant_id = e.tenant AND a.record_id = e.record AND a.closed_by_archive \
               AND NOT EXISTS (SELECT FROM approvals AS o WHERE o.tenant_id = a.tenant_id \
                   AND o.record_id = a.record_id AND o.sequence > a.sequence) \
             RETURNING a.tenant_id, a.id, e.actor) \
         INSERT INTO approval_events (tenant_id, approval_id, at, actor, action) \
         SELECT tenant_id, id, $4, actor::json, 'reopened' FROM opened",
        shelvings,
        now,
    )
    .await
}

async fn note(
    connection: &mut Connection,
    sql: &'static str,
    shelvings: &[&Shelving],
    now: DateTime,
) -> Result<(), DbError> {
    if shelvings.is_empty() {
        return Ok(());
    }
    statement(sql)
        .bind::<Array<SqlUuid>, _>(shelvings.iter().map(|one| one.tenant.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(shelvings.iter().map(|one| one.record.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(shelvings.iter().map(|one| text(&one.by)).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(())
}
