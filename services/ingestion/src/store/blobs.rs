//! Rows of `blobs`: which bytes there are, and which are to go.

use common::{BlobId, DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::file::Content;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Owned {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
}

/// Announces an upload, before its first byte.
pub(crate) async fn announce(
    connection: &mut Connection,
    (tenant, id): (TenantId, BlobId),
    now: DateTime,
    lease_until: DateTime,
) -> Result<(), DbError> {
    statement("INSERT INTO blobs (id, tenant_id, state, lease_until, created_at) VALUES ($1, $2, 'uploading', $3, $4)")
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Timestamptz, _>(lease_until)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says that an upload is alive; `false` when it was given up in the meantime.
pub(crate) async fn renew(
    connection: &mut Connection,
    (tenant, id): (TenantId, BlobId),
    lease_until: DateTime,
) -> Result<bool, DbError> {
    let renewed =
        statement("UPDATE blobs SET lease_until = $3 WHERE id = $1 AND tenant_id = $2 AND state = 'uploading'")
            .bind::<SqlUuid, _>(id.0)
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Timestamptz, _>(lease_until)
            .execute(connection)
            .await?;
    Ok(renewed == 1)
}

/// Makes received content the tenant's, and gives the blob that holds it: an older one when the tenant had the same
/// bytes. `None` when the upload was given up in the meantime.
pub(crate) async fn settle(
    connection: &mut Connection,
    tenant: TenantId,
    content: &Content,
) -> Result<Option<BlobId>, DbError> {
    lock_content(connection, tenant, &content.sha256).await?;
    let same: Vec<Id> = statement("SELECT id FROM blobs WHERE tenant_id = $1 AND sha256 = $2 AND state = 'stored'")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Binary, _>(&content.sha256)
        .load(connection)
        .await?;
    if let [same, ..] = same.as_slice() {
        give_up(connection, (tenant, content.blob_id)).await?;
        return Ok(Some(BlobId(same.id)));
    }
    let stored = statement(
        "UPDATE blobs SET state = 'stored', sha256 = $3, size = $4, lease_until = NULL \
         WHERE id = $1 AND tenant_id = $2 AND state = 'uploading'",
    )
    .bind::<SqlUuid, _>(content.blob_id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Binary, _>(&content.sha256)
    .bind::<BigInt, _>(i64::try_from(content.size).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok((stored == 1).then_some(content.blob_id))
}

/// Leaves an upload's bytes to the clean-up; one that was settled is left alone.
pub(crate) async fn give_up(connection: &mut Connection, (tenant, id): (TenantId, BlobId)) -> Result<(), DbError> {
    statement("UPDATE blobs SET state = 'deleting' WHERE id = $1 AND tenant_id = $2 AND state = 'uploading'")
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Leaves a blob that nothing uses any more to the clean-up. Whoever links the same content meanwhile waits for the
/// end of this transaction, or this waits for theirs.
pub(crate) async fn release(
    connection: &mut Connection,
    tenant: TenantId,
    (id, sha256): (BlobId, &[u8]),
) -> Result<(), DbError> {
    lock_content(connection, tenant, sha256).await?;
    statement(
        "UPDATE blobs b SET state = 'deleting' WHERE b.id = $1 AND b.tenant_id = $2 AND b.state = 'stored' \
         AND NOT EXISTS (SELECT FROM files f WHERE f.blob_id = b.id) \
         AND NOT EXISTS (SELECT FROM imports i WHERE i.blob_id = b.id)",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// One user of a content at a time, until the transaction ends.
pub(crate) async fn lock_content(connection: &mut Connection, tenant: TenantId, sha256: &[u8]) -> Result<(), DbError> {
    statement("SELECT true AS locked FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 1))) AS taken")
        .bind::<Text, _>(format!("blob/{tenant}/{}", hex::encode(sha256)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The digest of a stored blob.
pub(crate) async fn digest(
    connection: &mut Connection,
    (tenant, id): (TenantId, BlobId),
) -> Result<Option<Vec<u8>>, DbError> {
    #[derive(QueryableByName)]
    struct Digest {
        #[diesel(sql_type = Binary)]
        sha256: Vec<u8>,
    }
    let found: Vec<Digest> =
        statement("SELECT sha256 FROM blobs WHERE id = $1 AND tenant_id = $2 AND state = 'stored'")
            .bind::<SqlUuid, _>(id.0)
            .bind::<SqlUuid, _>(tenant.0)
            .load(connection)
            .await?;
    Ok(found.into_iter().next().map(|row| row.sha256))
}

/// Gives up uploads whose lease ended. Needs the system's scope, as all below.
pub(crate) async fn give_up_expired(connection: &mut Connection, now: DateTime) -> Result<usize, DbError> {
    let given_up = statement("UPDATE blobs SET state = 'deleting' WHERE state = 'uploading' AND lease_until < $1")
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(given_up)
}

/// Some blobs that are to go, as tenant and id.
pub(crate) async fn to_delete(connection: &mut Connection, limit: i64) -> Result<Vec<(TenantId, BlobId)>, DbError> {
    let rows: Vec<Owned> = statement(
        "SELECT id, tenant_id FROM blobs WHERE state = 'deleting' ORDER BY id LIMIT $1 \
             FOR UPDATE SKIP LOCKED",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), BlobId(row.id))).collect())
}

/// Forgets blobs whose bytes are gone.
pub(crate) async fn forget(connection: &mut Connection, ids: &[BlobId]) -> Result<(), DbError> {
    statement("DELETE FROM blobs WHERE id = ANY ($1) AND state = 'deleting'")
        .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Which of these there are rows of.
pub(crate) async fn known(connection: &mut Connection, ids: &[BlobId]) -> Result<Vec<BlobId>, DbError> {
    let rows: Vec<Id> = statement("SELECT id FROM blobs WHERE id = ANY ($1)")
        .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| BlobId(row.id)).collect())
}

/// Whether a record is the tenant's.
pub(crate) async fn has_record(
    connection: &mut Connection,
    tenant: TenantId,
    record: common::RecordId,
) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row: Found = statement("SELECT EXISTS (SELECT FROM records WHERE tenant_id = $1 AND id = $2) AS found")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(record.0)
        .get_result(connection)
        .await?;
    Ok(row.found)
}
