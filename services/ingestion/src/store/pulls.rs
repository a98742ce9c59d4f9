//! Rows of `pull_states` and `sync_runs`.

use std::collections::HashSet;

use common::{DateTime, IntegrationId, SyncRunId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A pull that this process may do until `leased_until`.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: TenantId,
    pub(crate) integration_id: IntegrationId,
    pub(crate) run_id: SyncRunId,
    pub(crate) cursor: Option<String>,
    pub(crate) failures: i32,
}

#[derive(QueryableByName)]
struct Leased {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    integration_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    cursor: Option<String>,
    #[diesel(sql_type = Integer)]
    failures: i32,
}

#[derive(QueryableByName)]
struct RunId {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// One run.
#[derive(Debug, QueryableByName)]
pub(crate) struct SyncRunRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) cause: String,
    #[diesel(sql_type = Text)]
    pub(crate) status: String,
    #[diesel(sql_type = Integer)]
    pub(crate) pages: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) records: i32,
    #[diesel(sql_type = Integer)]
    pub(crate) duplicates: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) error: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) started_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) finished_at: Option<DateTime>,
}

/// What a page added to its run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageCount {
    pub(crate) records: i32,
    pub(crate) duplicates: i32,
}

/// Makes the source due now. Its cursor stays.
pub(crate) async fn make_due(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO pull_states (integration_id, tenant_id, due_at) VALUES ($1, $2, $3) \
         ON CONFLICT (integration_id) DO UPDATE SET due_at = EXCLUDED.due_at, failures = 0",
    )
    .bind::<SqlUuid, _>(integration.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Queues a run; `false` when one is queued or running.
pub(crate) async fn queue_run(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    id: SyncRunId,
    cause: &str,
    at: DateTime,
) -> Result<bool, DbError> {
    let written = statement(
        "INSERT INTO sync_runs (id, tenant_id, integration_id, cause, status, created_at) \
         VALUES ($1, $2, $3, $4, 'queued', $5) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<Text, _>(cause)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(written == 1)
}

/// Takes the source that is due longest and that nobody pulls, with the run that goes on or begins. Needs the
/// system's scope.
pub(crate) async fn lease(
    connection: &mut Connection,
    now: DateTime,
    until: DateTime,
) -> Result<Option<Lease>, DbError> {
    let id = Uuid::new_v4();
    let leased: Option<Leased> = statement(
        "UPDATE pull_states SET lease_id = $1, leased_until = $3 WHERE integration_id = ( \
             SELECT p.integration_id FROM pull_states p \
             JOIN oauth_tokens t ON t.integration_id = p.integration_id AND t.status = 'connected' \
             JOIN integrations i ON i.id = p.integration_id AND i.status = 'active' AND i.deleted_at IS NULL \
             WHERE p.due_at <= $2 AND (p.leased_until IS NULL OR p.leased_until <= $2) \
             ORDER BY p.due_at LIMIT 1 FOR UPDATE OF p SKIP LOCKED) \
         RETURNING tenant_id, integration_id, cursor, failures",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .get_result(connection)
    .await
    .optional()?;
    let Some(Leased { tenant_id, integration_id, cursor, failures }) = leased else { return Ok(None) };
    let run: RunId = statement(
        "INSERT INTO sync_runs (id, tenant_id, integration_id, cause, status, created_at, started_at) \
         VALUES ($1, $2, $3, 'schedule', 'running', $4, $4) \
         ON CONFLICT (integration_id) WHERE status IN ('queued', 'running') \
         DO UPDATE SET status = 'running', started_at = COALESCE(sync_runs.started_at, EXCLUDED.started_at) \
         RETURNING id",
    )
    .bind::<SqlUuid, _>(SyncRunId::generate().0)
    .bind::<SqlUuid, _>(tenant_id)
    .bind::<SqlUuid, _>(integration_id)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .await?;
    Ok(Some(Lease {
        id,
        tenant_id: TenantId(tenant_id),
        integration_id: IntegrationId(integration_id),
        run_id: SyncRunId(run.id),
        cursor,
        failures,
    }))
}

/// Whether the lease still holds; renewed until the time, with the cursor moved. The row stays locked, so that
/// whoever takes the lease next finds what this transaction wrote.
pub(crate) async fn advance(
    connection: &mut Connection,
    lease: &Lease,
    cursor: Option<&str>,
    until: DateTime,
) -> Result<bool, DbError> {
    let held = statement(
        "UPDATE pull_states SET cursor = $4, leased_until = $5, failures = 0 \
         WHERE tenant_id = $1 AND integration_id = $2 AND lease_id = $3",
    )
    .bind::<SqlUuid, _>(lease.tenant_id.0)
    .bind::<SqlUuid, _>(lease.integration_id.0)
    .bind::<SqlUuid, _>(lease.id)
    .bind::<Nullable<Text>, _>(cursor)
    .bind::<Timestamptz, _>(until)
    .execute(connection)
    .await?;
    Ok(held == 1)
}

/// Gives the lease back; `false` when it was lost.
pub(crate) async fn release(
    connection: &mut Connection,
    lease: &Lease,
    due: DateTime,
    failures: i32,
) -> Result<bool, DbError> {
    let held = statement(
        "UPDATE pull_states SET lease_id = NULL, leased_until = NULL, due_at = $4, failures = $5 \
         WHERE tenant_id = $1 AND integration_id = $2 AND lease_id = $3",
    )
    .bind::<SqlUuid, _>(lease.tenant_id.0)
    .bind::<SqlUuid, _>(lease.integration_id.0)
    .bind::<SqlUuid, _>(lease.id)
    .bind::<Timestamptz, _>(due)
    .bind::<Integer, _>(failures)
    .execute(connection)
    .await?;
    Ok(held == 1)
}

/// Failures since the last stored page.
pub(crate) async fn failures(connection: &mut Connection, lease: &Lease) -> Result<i32, DbError> {
    #[derive(QueryableByName)]
    struct Failures {
        #[diesel(sql_type = Integer)]
        failures: i32,
    }
    let row: Option<Failures> =
        statement("SELECT failures FROM pull_states WHERE tenant_id = $1 AND integration_id = $2")
            .bind::<SqlUuid, _>(lease.tenant_id.0)
            .bind::<SqlUuid, _>(lease.integration_id.0)
            .get_result(connection)
            .await
            .optional()?;
    Ok(row.map_or(0, |row| row.failures))
}

/// Takes the lease from whoever has it.
pub(crate) async fn revoke(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<(), DbError> {
    statement(
        "UPDATE pull_states SET lease_id = NULL, leased_until = NULL WHERE tenant_id = $1 AND integration_id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Has the next pull begin at the first page.
pub(crate) async fn forget_cursor(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<(), DbError> {
    statement("UPDATE pull_states SET cursor = NULL WHERE tenant_id = $1 AND integration_id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(integration.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets ended runs of the source from before the time, a few at once.
pub(crate) async fn forget_runs(connection: &mut Connection, lease: &Lease, before: DateTime) -> Result<(), DbError> {
    statement(
        "DELETE FROM sync_runs WHERE tenant_id = $1 AND id IN ( \
             SELECT id FROM sync_runs WHERE tenant_id = $1 AND integration_id = $2 AND id < $3 \
               AND finished_at IS NOT NULL ORDER BY id LIMIT 100)",
    )
    .bind::<SqlUuid, _>(lease.tenant_id.0)
    .bind::<SqlUuid, _>(lease.integration_id.0)
    .bind::<SqlUuid, _>(super::deliveries::id_at(before))
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds a page to its run.
pub(crate) async fn count_page(connection: &mut Connection, lease: &Lease, page: PageCount) -> Result<(), DbError> {
    statement(
        "UPDATE sync_runs SET pages = pages + 1, records = records + $3, duplicates = duplicates + $4, error = NULL \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(lease.tenant_id.0)
    .bind::<SqlUuid, _>(lease.run_id.0)
    .bind::<Integer, _>(page.records)
    .bind::<Integer, _>(page.duplicates)
    .execute(connection)
    .await?;
    Ok(())
}

/// Says what went wrong in a run that will be tried again.
pub(crate) async fn note_error(connection: &mut Connection, lease: &Lease, error: &str) -> Result<(), DbError> {
    statement("UPDATE sync_runs SET error = $3 WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(lease.tenant_id.0)
        .bind::<SqlUuid, _>(lease.run_id.0)
        .bind::<Text, _>(error)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends whichever run of the source lives.
pub(crate) async fn finish_live_run(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    status: &str,
    error: Option<&str>,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE sync_runs SET status = $3, error = $4, finished_at = $5 \
         WHERE tenant_id = $1 AND integration_id = $2 AND status IN ('queued', 'running')",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<Text, _>(status)
    .bind::<Nullable<Text>, _>(error)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of the keys made a record of the source before.
pub(crate) async fn known_keys(
    connection: &mut Connection,
    lease: &Lease,
    keys: &[&[u8]],
) -> Result<HashSet<Vec<u8>>, DbError> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = Binary)]
        dedupe_key: Vec<u8>,
    }
    let rows: Vec<Key> = statement(
        "SELECT dedupe_key FROM deliveries WHERE tenant_id = $1 AND integration_id = $2 AND dedupe_key = ANY ($3) \
         AND outcome IN ('accepted', 'held')",
    )
    .bind::<SqlUuid, _>(lease.tenant_id.0)
    .bind::<SqlUuid, _>(lease.integration_id.0)
    .bind::<Array<Binary>, _>(keys)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.dedupe_key).collect())
}

/// Up to `limit` runs of a source, newest first, beginning below `before`.
pub(crate) async fn list_runs(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    before: Option<SyncRunId>,
    limit: i64,
) -> Result<Vec<SyncRunRow>, DbError> {
    let rows = statement(
        "SELECT id, cause, status, pages, records, duplicates, error, created_at, started_at, finished_at \
         FROM sync_runs WHERE tenant_id = $1 AND integration_id = $2 AND ($3 IS NULL OR id < $3) \
         ORDER BY id DESC LIMIT $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<Nullable<SqlUuid>, _>(before.map(|id| id.0))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows)
}
