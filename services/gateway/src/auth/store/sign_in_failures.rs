//! `sign_in_failures`.

use common::DateTime;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Binary, Integer, Nullable, Timestamptz};
use diesel_async::RunQueryDsl as _;

/// What is known of a subject.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub(crate) struct FailureRow {
    #[diesel(sql_type = Integer)]
    pub failures: i32,
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub blocked_until: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub signed_in_at: Option<DateTime>,
}

/// The subject's row, made when it is missing, and held until the transaction ends.
pub(crate) async fn hold(connection: &mut Connection, subject: &[u8], at: DateTime) -> Result<FailureRow, DbError> {
    Ok(statement(
        "INSERT INTO sign_in_failures (subject, failures, last_at, blocked_until) VALUES ($1, 0, $2, 'epoch') \
         ON CONFLICT (subject) DO UPDATE SET subject = EXCLUDED.subject \
         RETURNING failures, last_at, blocked_until, signed_in_at",
    )
    .bind::<Binary, _>(subject)
    .bind::<Timestamptz, _>(at)
    .get_result(connection)
    .await?)
}

/// The subject's row, if there is one.
pub(crate) async fn find(connection: &mut Connection, subject: &[u8]) -> Result<Option<FailureRow>, DbError> {
    let mut rows: Vec<FailureRow> =
        statement("SELECT failures, last_at, blocked_until, signed_in_at FROM sign_in_failures WHERE subject = $1")
            .bind::<Binary, _>(subject)
            .load(connection)
            .await?;
    Ok(rows.pop())
}

/// Sets the subject's count and wait.
pub(crate) async fn set(
    connection: &mut Connection,
    subject: &[u8],
    failures: i32,
    blocked_until: DateTime,
    at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE sign_in_failures SET failures = $2, blocked_until = $3, last_at = $4 WHERE subject = $1")
        .bind::<Binary, _>(subject)
        .bind::<Integer, _>(failures)
        .bind::<Timestamptz, _>(blocked_until)
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a failure back, the `counted`-th: the attempt was none. The wait ends with it, unless another failed since.
pub(crate) async fn take_back(connection: &mut Connection, subject: &[u8], counted: i32) -> Result<(), DbError> {
    statement(
        "UPDATE sign_in_failures SET failures = greatest(failures - 1, 0), \
         blocked_until = CASE WHEN failures = $2 THEN 'epoch' ELSE blocked_until END WHERE subject = $1",
    )
    .bind::<Binary, _>(subject)
    .bind::<Integer, _>(counted)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the subject, an account and an address, signed in; its failures are forgotten.
pub(crate) async fn know(connection: &mut Connection, subject: &[u8], at: DateTime) -> Result<(), DbError> {
    statement(
        "INSERT INTO sign_in_failures (subject, failures, last_at, blocked_until, signed_in_at) \
         VALUES ($1, 0, $2, 'epoch', $2) ON CONFLICT (subject) DO UPDATE \
         SET failures = 0, last_at = $2, blocked_until = 'epoch', signed_in_at = $2",
    )
    .bind::<Binary, _>(subject)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a subject.
pub(crate) async fn delete(connection: &mut Connection, subject: &[u8]) -> Result<(), DbError> {
    statement("DELETE FROM sign_in_failures WHERE subject = $1").bind::<Binary, _>(subject).execute(connection).await?;
    Ok(())
}

/// Deletes what was last touched before `cutoff`, and addresses known since before `unknown_since` no more.
pub(crate) async fn sweep(
    connection: &mut Connection,
    cutoff: DateTime,
    unknown_since: DateTime,
) -> Result<usize, DbError> {
    Ok(statement("DELETE FROM sign_in_failures WHERE last_at < $1 AND (signed_in_at IS NULL OR signed_in_at < $2)")
        .bind::<Timestamptz, _>(cutoff)
        .bind::<Timestamptz, _>(unknown_since)
        .execute(connection)
        .await?)
}
