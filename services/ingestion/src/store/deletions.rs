//! What goes of a deleted tenant beside its plain rows.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = Bool)]
    is_left: bool,
}

/// Ends the tenant's sources with their secrets, its pulls, imports and operations.
pub(crate) async fn close(connection: &mut Connection, tenant: TenantId, at: DateTime) -> Result<(), DbError> {
    statement(
        "UPDATE integrations SET deleted_at = coalesce(deleted_at, $2), secret_sealed = '', \
             previous_secret_sealed = NULL, previous_secret_expires_at = NULL, release_pending = false \
         WHERE tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    statement(
        "UPDATE imports SET status = 'cancelled', finished_at = $2 \
         WHERE tenant_id = $1 AND status IN ('queued', 'running')",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    for sql in [
        "DELETE FROM oauth_states WHERE tenant_id = $1",
        "DELETE FROM oauth_tokens WHERE tenant_id = $1",
        // Whoever pulls finds the lease gone, and stores nothing.
        "DELETE FROM pull_states WHERE tenant_id = $1",
        "UPDATE operations SET has_pending = false WHERE tenant_id = $1 AND has_pending",
    ] {
        statement(sql).bind::<SqlUuid, _>(tenant.0).execute(connection).await?;
    }
    Ok(())
}

/// Removes words that searches went by, and gives how many.
pub(crate) async fn remove_words(connection: &mut Connection, tenant: TenantId, most: i64) -> Result<i64, DbError> {
    let row: Count = statement("SELECT record_words_remove($1, $2) AS count")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<BigInt, _>(most)
        .get_result(connection)
        .await?;
    Ok(row.count)
}

/// Leaves bytes that no file and no import needs to the clean-up, those on their way in as well, and gives how many.
pub(crate) async fn give_up_blobs(connection: &mut Connection, tenant: TenantId, most: i64) -> Result<i64, DbError> {
    let given_up = statement(
        "UPDATE blobs SET state = 'deleting' WHERE id = ANY (ARRAY( \
             SELECT b.id FROM blobs b WHERE b.tenant_id = $1 AND b.state IN ('stored', 'uploading') \
               AND NOT EXISTS (SELECT FROM files f WHERE f.blob_id = b.id) \
               AND NOT EXISTS (SELECT FROM imports i WHERE i.blob_id = b.id) LIMIT $2))",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await?;
    Ok(i64::try_from(given_up).unwrap_or(i64::MAX))
}

/// Whether bytes are left that the clean-up has yet to remove.
pub(crate) async fn has_blobs(connection: &mut Connection, tenant: TenantId) -> Result<bool, DbError> {
    let row: Left = statement("SELECT EXISTS (SELECT FROM blobs WHERE tenant_id = $1) AS is_left")
        .bind::<SqlUuid, _>(tenant.0)
        .get_result(connection)
        .await?;
    Ok(row.is_left)
}
