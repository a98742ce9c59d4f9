//! Rows of `imports` and of `import_rejections`.

use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, BlobId, DateTime, ImportId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::import::{Import, ImportFormat, ImportStatus, Rejection};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    blob_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    format: String,
    #[diesel(sql_type = Nullable<Text>)]
    source: Option<String>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    line: i64,
    #[diesel(sql_type = Bool)]
    skipping: bool,
    #[diesel(sql_type = Nullable<Json>)]
    header: Option<Value>,
    #[diesel(sql_type = BigInt)]
    accepted: i64,
    #[diesel(sql_type = BigInt)]
    duplicates: i64,
    #[diesel(sql_type = BigInt)]
    rejected: i64,
    #[diesel(sql_type = Nullable<Text>)]
    error: Option<String>,
    #[diesel(sql_type = Json)]
    actor: Value,
    #[diesel(sql_type = Text)]
    traceparent: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<DateTime>,
}

impl Row {
    fn into_import(self, tenant: TenantId) -> Import {
        let count = |value: i64| u64::try_from(value).unwrap_or_default();
        let cause = Cause {
            tenant_id: tenant,
            actor: serde_json::from_value(self.actor).unwrap_or_else(|_| Actor::service("ingestion")),
            trace: TraceContext::parse(&self.traceparent).unwrap_or_else(TraceContext::random),
            at: self.created_at,
        };
        Import {
            id: ImportId(self.id),
            blob_id: self.blob_id.map(BlobId),
            // The table's checks let nothing else in.
            format: ImportFormat::parse(&self.format).unwrap_or(ImportFormat::Ndjson),
            source: self.source,
            status: ImportStatus::parse(&self.status).unwrap_or(ImportStatus::Failed),
            size: count(self.size),
            position: count(self.position),
            line: count(self.line),
            skipping: self.skipping,
            header: self.header.and_then(|header| serde_json::from_value(header).ok()),
            accepted: self.accepted,
            duplicates: self.duplicates,
            rejected: self.rejected,
            error: self.error,
            cause,
            finished_at: self.finished_at,
        }
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Writes a new import.
pub(crate) async fn insert(connection: &mut Connection, import: &Import) -> Result<(), DbError> {
    statement(
        "INSERT INTO imports (id, tenant_id, blob_id, format, source, status, size, actor, traceparent, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind::<SqlUuid, _>(import.id.0)
    .bind::<SqlUuid, _>(import.cause.tenant_id.0)
    .bind::<Nullable<SqlUuid>, _>(import.blob_id.map(|id| id.0))
    .bind::<Text, _>(import.format.as_str())
    .bind::<Nullable<Text>, _>(import.source.as_deref())
    .bind::<Text, _>(import.status.as_str())
    .bind::<BigInt, _>(signed(import.size))
    .bind::<Json, _>(serde_json::to_value(&import.cause.actor).unwrap_or_default())
    .bind::<Text, _>(import.cause.trace.to_string())
    .bind::<Timestamptz, _>(import.cause.at)
    .execute(connection)
    .await?;
    Ok(())
}

/// One import.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: ImportId,
) -> Result<Option<Import>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT id, blob_id, format, source, status, size, position, line, skipping, header, accepted, duplicates, \
             rejected, error, actor, traceparent, created_at, finished_at \
         FROM imports WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().map(|row| row.into_import(tenant)))
}

/// The same, locked until the transaction ends: one step at a time, and no end in the middle of one.
pub(crate) async fn find_for_update(
    connection: &mut Connection,
    tenant: TenantId,
    id: ImportId,
) -> Result<Option<Import>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT id, blob_id, format, source, status, size, position, line, skipping, header, accepted, duplicates, \
             rejected, error, actor, traceparent, created_at, finished_at \
         FROM imports WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().map(|row| row.into_import(tenant)))
}

/// Up to `limit` imports, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT id, blob_id, format, source, status, size, position, line, skipping, header, accepted, duplicates, \
             rejected, error, actor, traceparent, created_at, finished_at \
         FROM imports WHERE tenant_id = $1 AND id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) \
         ORDER BY id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<SqlUuid>, _>(before.map(|id| id.0))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.into_import(tenant)).collect())
}

/// Keeps how far an import is.
pub(crate) async fn update(connection: &mut Connection, import: &Import) -> Result<(), DbError> {
    statement(
        "UPDATE imports SET blob_id = $3, status = $4, position = $5, line = $6, skipping = $7, header = $8, \
             accepted = $9, duplicates = $10, rejected = $11, error = $12, finished_at = $13 \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(import.cause.tenant_id.0)
    .bind::<SqlUuid, _>(import.id.0)
    .bind::<Nullable<SqlUuid>, _>(import.blob_id.map(|id| id.0))
    .bind::<Text, _>(import.status.as_str())
    .bind::<BigInt, _>(signed(import.position))
    .bind::<BigInt, _>(signed(import.line))
    .bind::<Bool, _>(import.skipping)
    .bind::<Nullable<Json>, _>(import.header.as_ref().and_then(|header| serde_json::to_value(header).ok()))
    .bind::<BigInt, _>(import.accepted)
    .bind::<BigInt, _>(import.duplicates)
    .bind::<BigInt, _>(import.rejected)
    .bind::<Nullable<Text>, _>(import.error.as_deref())
    .bind::<Nullable<Timestamptz>, _>(import.finished_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// The first open import of each tenant. Needs the system's scope.
pub(crate) async fn heads(connection: &mut Connection) -> Result<Vec<(TenantId, ImportId)>, DbError> {
    #[derive(QueryableByName)]
    struct Head {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Head> = statement(
        "SELECT DISTINCT ON (tenant_id) tenant_id, id FROM imports WHERE status IN ('queued', 'running') \
         ORDER BY tenant_id, id",
    )
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), ImportId(row.id))).collect())
}

/// Whether so many events wait to be told that more must not be made now.
pub(crate) async fn is_outbox_deep(connection: &mut Connection, depth: i64) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        deep: bool,
    }
    let row: Row = statement("SELECT EXISTS (SELECT FROM outbox ORDER BY seq OFFSET $1) AS deep")
        .bind::<BigInt, _>(depth)
        .get_result(connection)
        .await?;
    Ok(row.deep)
}

/// Keeps what was rejected.
pub(crate) async fn insert_rejections(
    connection: &mut Connection,
    (tenant, id): (TenantId, ImportId),
    rejections: &[Rejection],
) -> Result<(), DbError> {
    if rejections.is_empty() {
        return Ok(());
    }
    statement(
        "INSERT INTO import_rejections (import_id, tenant_id, line, code, message) \
         SELECT $1, $2, * FROM unnest($3, $4, $5)",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<BigInt>, _>(rejections.iter().map(|one| signed(one.line)).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rejections.iter().map(|one| one.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rejections.iter().map(|one| one.message.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Up to `limit` rejections behind a line, in the order of the lines.
pub(crate) async fn rejections(
    connection: &mut Connection,
    (tenant, id): (TenantId, ImportId),
    behind: u64,
    limit: i64,
) -> Result<Vec<Rejection>, DbError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        line: i64,
        #[diesel(sql_type = Text)]
        code: String,
        #[diesel(sql_type = Text)]
        message: String,
    }
    let rows: Vec<Found> = statement(
        "SELECT line, code, message FROM import_rejections \
         WHERE tenant_id = $1 AND import_id = $2 AND line > $3 ORDER BY line LIMIT $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(signed(behind))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    let line = |line: i64| u64::try_from(line).unwrap_or_default();
    Ok(rows.into_iter().map(|row| Rejection { line: line(row.line), code: row.code, message: row.message }).collect())
}
