//! `mails`: letters that wait, and for a while those that were sent or given up.

use common::{DateTime, MailId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::letter::Letter;

/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 500;

/// A letter that a worker holds for a while.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Held {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub recipient: String,
    #[diesel(sql_type = Text)]
    pub variables: String,
    #[diesel(sql_type = Nullable<Binary>)]
    pub secret_sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

/// Queues a letter.
pub(super) async fn insert(
    connection: &mut Connection,
    id: MailId,
    recipient: &str,
    letter: &Letter,
    sealed: Option<&[u8]>,
    at: DateTime,
) -> Result<(), DbError> {
    let variables = serde_json::to_string(letter).expect("a letter is plain JSON");
    statement(
        "INSERT INTO mails (id, recipient, template, variables, secret_sealed, created_at, due_at) \
         VALUES ($1, $2, $3, $4::text::json, $5, $6, $6)",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(recipient)
    .bind::<Text, _>(letter.template())
    .bind::<Text, _>(variables)
    .bind::<Nullable<Binary>, _>(sealed)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes letters that are due, for this worker alone until `until`: then, if it died, they are due again.
pub(super) async fn claim(
    connection: &mut Connection,
    limit: i64,
    now: DateTime,
    until: DateTime,
) -> Result<Vec<Held>, DbError> {
    Ok(statement(
        "UPDATE mails SET due_at = $3, attempts = attempts + 1 WHERE id = ANY (ARRAY( \
             SELECT id FROM mails WHERE sent_at IS NULL AND dead_at IS NULL AND due_at <= $2 \
             ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)) \
         RETURNING id, recipient, variables::text AS variables, secret_sealed, attempts",
    )
    .bind::<BigInt, _>(limit)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .load(connection)
    .await?)
}

/// Notes that a letter was taken by the next server, and erases its secret.
pub(super) async fn mark_sent(connection: &mut Connection, id: Uuid, at: DateTime) -> Result<(), DbError> {
    statement("UPDATE mails SET sent_at = $2, secret_sealed = NULL, last_error = NULL WHERE id = $1")
        .bind::<SqlUuid, _>(id)
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes why a letter was not sent, and when to try again.
pub(super) async fn mark_failed(
    connection: &mut Connection,
    id: Uuid,
    reason: &str,
    again_at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE mails SET due_at = $3, last_error = $2 WHERE id = $1")
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(cut(reason))
        .bind::<Timestamptz, _>(again_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a letter up, and erases its secret.
pub(super) async fn mark_dead(
    connection: &mut Connection,
    id: Uuid,
    reason: &str,
    at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE mails SET dead_at = $3, last_error = $2, secret_sealed = NULL WHERE id = $1")
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(cut(reason))
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes letters from before `cutoff`; returns how many.
pub(crate) async fn prune(connection: &mut Connection, cutoff: DateTime) -> Result<usize, DbError> {
    Ok(statement("DELETE FROM mails WHERE created_at < $1").bind::<Timestamptz, _>(cutoff).execute(connection).await?)
}

fn cut(reason: &str) -> String {
    reason.chars().filter(|c| *c != '\0').take(MAX_REASON).collect()
}
