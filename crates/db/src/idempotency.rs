//! Stored answers to requests that came with an `Idempotency-Key`.
//!
//! The row is written in the transaction of the work, so a crash keeps both or neither. A second request with
//! the same key waits on the unique index while the first one runs.

use diesel::QueryableByName;
use diesel::sql_types;
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use uuid::Uuid;

use crate::{DbError, statement};

/// Whose key it is, for which call, over which body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The user or API key.
    pub principal_id: Uuid,
    /// Method and path.
    pub route: String,
    /// The header's value.
    pub key: String,
    /// SHA-256 of the body.
    pub fingerprint: Vec<u8>,
}

/// The first answer.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct StoredAnswer {
    /// The fingerprint of the body that was answered.
    #[diesel(sql_type = sql_types::Binary)]
    pub fingerprint: Vec<u8>,
    /// The HTTP status.
    #[diesel(sql_type = sql_types::SmallInt)]
    pub status: i16,
    /// The body as JSON text.
    #[diesel(sql_type = sql_types::Text)]
    pub body: String,
}

/// The answer that the key got before, if it was used.
///
/// # Errors
/// When the database fails.
pub async fn find(connection: &mut AsyncPgConnection, key: &IdempotencyKey) -> Result<Option<StoredAnswer>, DbError> {
    let mut rows: Vec<StoredAnswer> = statement(
        "SELECT fingerprint, status, body::text FROM idempotency_keys \
         WHERE tenant_id = $1 AND principal_id = $2 AND route = $3 AND key = $4",
    )
    .bind::<sql_types::Uuid, _>(key.tenant_id)
    .bind::<sql_types::Uuid, _>(key.principal_id)
    .bind::<sql_types::Text, _>(&key.route)
    .bind::<sql_types::Text, _>(&key.key)
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// Takes the key's lock for the rest of the transaction; `false` when another request with it is running.
///
/// # Errors
/// When the database fails.
pub async fn lock(connection: &mut AsyncPgConnection, key: &IdempotencyKey) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Locked {
        #[diesel(sql_type = sql_types::Bool)]
        locked: bool,
    }
    let name = format!("{}/{}/{}/{}", key.tenant_id, key.principal_id, key.route, key.key);
    let row: Locked = statement("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked")
        .bind::<sql_types::Text, _>(name)
        .get_result(connection)
        .await?;
    Ok(row.locked)
}

/// Keeps the answer.
///
/// # Errors
/// When the database fails.
pub async fn store(
    connection: &mut AsyncPgConnection,
    key: &IdempotencyKey,
    status: u16,
    body: &str,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO idempotency_keys (tenant_id, principal_id, route, key, fingerprint, status, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7::text::json)",
    )
    .bind::<sql_types::Uuid, _>(key.tenant_id)
    .bind::<sql_types::Uuid, _>(key.principal_id)
    .bind::<sql_types::Text, _>(&key.route)
    .bind::<sql_types::Text, _>(&key.key)
    .bind::<sql_types::Binary, _>(&key.fingerprint)
    .bind::<sql_types::SmallInt, _>(i16::try_from(status).unwrap_or(200))
    .bind::<sql_types::Text, _>(body)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets at most `limit` answers given before `before`, oldest first, and returns how many.
///
/// # Errors
/// When the database fails.
pub async fn prune(connection: &mut AsyncPgConnection, before: common::DateTime, limit: i64) -> Result<usize, DbError> {
    Ok(statement(
        "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY( \
             SELECT ctid FROM idempotency_keys WHERE created_at < $1 \
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<sql_types::Timestamptz, _>(before)
    .bind::<sql_types::BigInt, _>(limit)
    .execute(connection)
    .await?)
}
