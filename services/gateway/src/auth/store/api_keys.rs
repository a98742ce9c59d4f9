//! `api_keys`.

use common::{ApiKeyId, DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A key as it is made.
#[derive(Clone, Debug)]
pub(crate) struct NewApiKey<'a> {
    pub id: ApiKeyId,
    pub tenant: TenantId,
    pub name: &'a str,
    pub prefix: &'a str,
    pub hash: &'a [u8; 32],
    pub role: &'static str,
    pub scopes: Option<&'a [String]>,
    pub created_by: Uuid,
    pub at: DateTime,
    pub expires_at: Option<DateTime>,
}

/// A key, without what would let anybody use it.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct ApiKeyRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub prefix: String,
    #[diesel(sql_type = Text)]
    pub role: String,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub scopes: Option<Vec<String>>,
    #[diesel(sql_type = SqlUuid)]
    pub created_by: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime>,
}

/// Stores a key.
pub(crate) async fn insert(connection: &mut Connection, key: &NewApiKey<'_>) -> Result<(), DbError> {
    statement(
        "INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, role, scopes, created_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind::<SqlUuid, _>(key.id.0)
    .bind::<SqlUuid, _>(key.tenant.0)
    .bind::<Text, _>(key.name)
    .bind::<Text, _>(key.prefix)
    .bind::<Binary, _>(key.hash.as_slice())
    .bind::<Text, _>(key.role)
    .bind::<Nullable<Array<Text>>, _>(key.scopes)
    .bind::<SqlUuid, _>(key.created_by)
    .bind::<Timestamptz, _>(key.at)
    .bind::<Nullable<Timestamptz>, _>(key.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// The live key with that hash, whosever it is.
pub(crate) async fn find_by_hash(connection: &mut Connection, hash: &[u8; 32]) -> Result<Option<ApiKeyRow>, DbError> {
    let mut rows: Vec<ApiKeyRow> = statement(
        "SELECT id, tenant_id, name, prefix, role, scopes, created_by, created_at, expires_at, last_used_at \
         FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
    )
    .bind::<Binary, _>(hash.as_slice())
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// A tenant's live key.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: ApiKeyId,
) -> Result<Option<ApiKeyRow>, DbError> {
    let mut rows: Vec<ApiKeyRow> = statement(
        "SELECT id, tenant_id, name, prefix, role, scopes, created_by, created_at, expires_at, last_used_at \
         FROM api_keys WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// A tenant's live keys, newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ApiKeyRow>, DbError> {
    Ok(statement(
        "SELECT id, tenant_id, name, prefix, role, scopes, created_by, created_at, expires_at, last_used_at \
         FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id < $2) \
         ORDER BY id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// How many of a tenant's keys work at that time; lock the tenant first.
pub(crate) async fn count(connection: &mut Connection, tenant: TenantId, at: DateTime) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = statement(
        "SELECT count(*) AS count FROM api_keys \
         WHERE tenant_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .get_result(connection)
    .await?;
    Ok(row.count)
}

/// Revokes a tenant's key and returns its name; `None` when there is no such live key.
pub(crate) async fn revoke(
    connection: &mut Connection,
    tenant: TenantId,
    id: ApiKeyId,
    at: DateTime,
) -> Result<Option<String>, DbError> {
    #[derive(QueryableByName)]
    struct Revoked {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut rows: Vec<Revoked> = statement(
        "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING name",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(at)
    .load(connection)
    .await?;
    Ok(rows.pop().map(|row| row.name))
}

/// Notes that a key is in use, at most every minute.
pub(crate) async fn touch(connection: &mut Connection, id: ApiKeyId, at: DateTime) -> Result<(), DbError> {
    statement(
        "UPDATE api_keys SET last_used_at = $2 \
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}
