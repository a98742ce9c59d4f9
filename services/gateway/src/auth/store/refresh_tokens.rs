//! `refresh_tokens`: chains of hashes, one chain for each session.

use common::{DateTime, SessionId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Binary, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A token and the state of its chain.
#[derive(Clone, QueryableByName)]
pub(crate) struct TokenRow {
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub used_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub successor_sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Bool)]
    pub successor_used: bool,
}

#[derive(QueryableByName)]
struct Owner {
    #[diesel(sql_type = SqlUuid)]
    session_id: Uuid,
}

/// A token as it is issued.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewToken<'a> {
    pub hash: &'a [u8; 32],
    pub tenant: TenantId,
    pub session: SessionId,
    pub at: DateTime,
    pub expires_at: DateTime,
}

/// The session that a token belongs to.
pub(crate) async fn session_of(connection: &mut Connection, hash: &[u8; 32]) -> Result<Option<SessionId>, DbError> {
    let mut rows: Vec<Owner> = statement("SELECT session_id FROM refresh_tokens WHERE token_hash = $1")
        .bind::<Binary, _>(hash.as_slice())
        .load(connection)
        .await?;
    Ok(rows.pop().map(|row| SessionId(row.session_id)))
}

/// The token; read it after the session's row is locked, so that no other request is changing the chain.
pub(crate) async fn find(connection: &mut Connection, hash: &[u8; 32]) -> Result<Option<TokenRow>, DbError> {
    let mut rows: Vec<TokenRow> = statement(
        "SELECT t.expires_at, t.used_at, t.successor_sealed, n.used_at IS NOT NULL AS successor_used \
         FROM refresh_tokens t LEFT JOIN refresh_tokens n ON n.token_hash = t.successor_hash \
         WHERE t.token_hash = $1",
    )
    .bind::<Binary, _>(hash.as_slice())
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// Issues a token.
pub(crate) async fn insert(connection: &mut Connection, token: NewToken<'_>) -> Result<(), DbError> {
    statement(
        "INSERT INTO refresh_tokens (token_hash, tenant_id, session_id, issued_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind::<Binary, _>(token.hash.as_slice())
    .bind::<SqlUuid, _>(token.tenant.0)
    .bind::<SqlUuid, _>(token.session.0)
    .bind::<Timestamptz, _>(token.at)
    .bind::<Timestamptz, _>(token.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks a token as exchanged, and forgets what its own parent was exchanged for: that is not asked for again.
pub(crate) async fn mark_used(
    connection: &mut Connection,
    hash: &[u8; 32],
    successor: &[u8; 32],
    sealed: &[u8],
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE refresh_tokens SET successor_sealed = NULL WHERE session_id = \
         (SELECT session_id FROM refresh_tokens WHERE token_hash = $1) AND successor_hash = $1",
    )
    .bind::<Binary, _>(hash.as_slice())
    .execute(connection)
    .await?;
    statement(
        "UPDATE refresh_tokens SET used_at = $4, successor_hash = $2, successor_sealed = $3 WHERE token_hash = $1",
    )
    .bind::<Binary, _>(hash.as_slice())
    .bind::<Binary, _>(successor.as_slice())
    .bind::<Binary, _>(sealed)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes tokens that ended before `cutoff`; returns how many.
pub(crate) async fn sweep(connection: &mut Connection, cutoff: DateTime) -> Result<usize, DbError> {
    Ok(statement("DELETE FROM refresh_tokens WHERE expires_at < $1")
        .bind::<Timestamptz, _>(cutoff)
        .execute(connection)
        .await?)
}
