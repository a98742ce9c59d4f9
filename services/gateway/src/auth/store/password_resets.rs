//! `password_reset_requests` and `password_resets`: who asked for a new password, and the one link that sets it.

use common::{DateTime, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::auth::domain::email::Email;

#[derive(QueryableByName)]
struct Asked {
    #[diesel(sql_type = Text)]
    email: String,
}

/// A link that still counts.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub(crate) struct ResetRow {
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime,
}

/// Notes that somebody asked; an address that waits already stays one request.
pub(crate) async fn ask(connection: &mut Connection, email: &Email, at: DateTime) -> Result<(), DbError> {
    statement("INSERT INTO password_reset_requests (email, requested_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(email.as_str())
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes requests that no other worker holds.
pub(crate) async fn take(connection: &mut Connection, limit: i64) -> Result<Vec<Email>, DbError> {
    let rows: Vec<Asked> = statement(
        "DELETE FROM password_reset_requests WHERE email = ANY (ARRAY( \
             SELECT email FROM password_reset_requests ORDER BY requested_at LIMIT $1 FOR UPDATE SKIP LOCKED)) \
         RETURNING email",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.iter().filter_map(|row| Email::parse(&row.email)).collect())
}

/// Puts a new link in the place of a former one, unless that was made after `recent`; `false` then.
pub(crate) async fn replace(
    connection: &mut Connection,
    user: UserId,
    hash: &[u8; 32],
    (at, expires_at): (DateTime, DateTime),
    recent: DateTime,
) -> Result<bool, DbError> {
    let rows = statement(
        "INSERT INTO password_resets AS r (user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO UPDATE SET token_hash = $2, created_at = $3, expires_at = $4 \
         WHERE r.created_at < $5",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Binary, _>(hash.as_slice())
    .bind::<Timestamptz, _>(at)
    .bind::<Timestamptz, _>(expires_at)
    .bind::<Timestamptz, _>(recent)
    .execute(connection)
    .await?;
    Ok(rows == 1)
}

/// The link of that hash, whosever it is.
pub(crate) async fn find(connection: &mut Connection, hash: &[u8; 32]) -> Result<Option<ResetRow>, DbError> {
    let mut rows: Vec<ResetRow> = statement("SELECT user_id, expires_at FROM password_resets WHERE token_hash = $1")
        .bind::<Binary, _>(hash.as_slice())
        .load(connection)
        .await?;
    Ok(rows.pop())
}

/// Spends the link of that hash; `false` when another request was faster.
pub(crate) async fn spend(connection: &mut Connection, hash: &[u8; 32]) -> Result<bool, DbError> {
    let rows = statement("DELETE FROM password_resets WHERE token_hash = $1")
        .bind::<Binary, _>(hash.as_slice())
        .execute(connection)
        .await?;
    Ok(rows == 1)
}

/// Ends a person's link, since their password was changed otherwise.
pub(crate) async fn forget(connection: &mut Connection, user: UserId) -> Result<(), DbError> {
    statement("DELETE FROM password_resets WHERE user_id = $1").bind::<SqlUuid, _>(user.0).execute(connection).await?;
    Ok(())
}

/// Deletes links that ended before `cutoff`; returns how many.
pub(crate) async fn sweep(connection: &mut Connection, cutoff: DateTime) -> Result<usize, DbError> {
    Ok(statement("DELETE FROM password_resets WHERE expires_at < $1")
        .bind::<Timestamptz, _>(cutoff)
        .execute(connection)
        .await?)
}
