//! Rows of `files`.

use common::{BlobId, DateTime, FileId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::file::File;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    blob_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    record_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    content_type: String,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime,
}

impl From<Row> for File {
    fn from(row: Row) -> Self {
        Self {
            id: FileId(row.id),
            blob_id: BlobId(row.blob_id),
            record_id: row.record_id.map(RecordId),
            name: row.name,
            content_type: row.content_type,
            size: u64::try_from(row.size).unwrap_or_default(),
            sha256: row.sha256,
            created_at: row.created_at,
        }
    }
}

/// Writes a new file over a stored blob.
pub(crate) async fn insert(connection: &mut Connection, tenant: TenantId, file: &File) -> Result<(), DbError> {
    statement(
        "INSERT INTO files (id, tenant_id, blob_id, record_id, name, content_type, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(file.id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(file.blob_id.0)
    .bind::<Nullable<SqlUuid>, _>(file.record_id.map(|id| id.0))
    .bind::<Text, _>(&file.name)
    .bind::<Text, _>(&file.content_type)
    .bind::<Timestamptz, _>(file.created_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// One file.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId, id: FileId) -> Result<Option<File>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT f.id, f.blob_id, f.record_id, f.name, f.content_type, b.size, b.sha256, f.created_at \
         FROM files f JOIN blobs b ON b.id = f.blob_id WHERE f.tenant_id = $1 AND f.id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().map(File::from))
}

/// The files of a record, oldest first.
pub(crate) async fn of_record(
    connection: &mut Connection,
    tenant: TenantId,
    record: RecordId,
) -> Result<Vec<File>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT f.id, f.blob_id, f.record_id, f.name, f.content_type, b.size, b.sha256, f.created_at \
         FROM files f JOIN blobs b ON b.id = f.blob_id WHERE f.tenant_id = $1 AND f.record_id = $2 ORDER BY f.id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(record.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(File::from).collect())
}

/// Links a file that is free; `false` when it is gone, or became another record's in the meantime.
pub(crate) async fn link(
    connection: &mut Connection,
    tenant: TenantId,
    (id, record): (FileId, RecordId),
) -> Result<bool, DbError> {
    let linked = statement(
        "UPDATE files SET record_id = $3 WHERE tenant_id = $1 AND id = $2 AND (record_id IS NULL OR record_id = $3)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(record.0)
    .execute(connection)
    .await?;
    Ok(linked == 1)
}

/// Lets go of a record's file; `false` when somebody else has in the meantime.
pub(crate) async fn unlink(
    connection: &mut Connection,
    tenant: TenantId,
    (id, record): (FileId, RecordId),
) -> Result<bool, DbError> {
    let unlinked = statement("UPDATE files SET record_id = NULL WHERE tenant_id = $1 AND id = $2 AND record_id = $3")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(record.0)
        .execute(connection)
        .await?;
    Ok(unlinked == 1)
}

/// Removes a file; `false` when it was gone.
pub(crate) async fn delete(connection: &mut Connection, tenant: TenantId, id: FileId) -> Result<bool, DbError> {
    let deleted = statement("DELETE FROM files WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(connection)
        .await?;
    Ok(deleted == 1)
}
