//! Answers of language models that are given again.

use common::{DateTime, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bytea, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Stored, from_json, to_json};

/// The answer, unless it is too old.
pub(crate) async fn find<A: DeserializeOwned>(
    connection: &mut Connection,
    tenant: TenantId,
    digest: &[u8],
    now: DateTime,
) -> Stored<Option<A>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        answer: String,
    }
    let rows: Vec<Row> = statement(
        "SELECT answer::text AS answer FROM model_answers WHERE tenant_id = $1 AND digest = $2 AND expires_at > $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Bytea, _>(digest)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await?;
    rows.into_iter().next().map(|row| from_json(&row.answer)).transpose()
}

/// Keeps an answer in place of one that was kept before.
pub(crate) async fn put<A: Serialize>(
    connection: &mut Connection,
    tenant: TenantId,
    digest: &[u8],
    answer: &A,
    expires_at: DateTime,
) -> Stored<()> {
    statement(
        "INSERT INTO model_answers (tenant_id, digest, answer, expires_at) VALUES ($1, $2, $3::json, $4) \
         ON CONFLICT (tenant_id, digest) DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Bytea, _>(digest)
    .bind::<Text, _>(to_json(answer)?)
    .bind::<Timestamptz, _>(expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets answers.
pub(crate) async fn forget(connection: &mut Connection, keys: &[(TenantId, Vec<u8>)]) -> Stored<()> {
    if keys.is_empty() {
        return Ok(());
    }
    // In one order, so that two who forget the same ones cannot lock each other out.
    statement(
        "DELETE FROM model_answers WHERE ctid = ANY (ARRAY( \
             SELECT a.ctid FROM model_answers a JOIN unnest($1, $2) AS e (tenant_id, digest) \
               ON a.tenant_id = e.tenant_id AND a.digest = e.digest \
             ORDER BY a.tenant_id, a.digest FOR UPDATE OF a))",
    )
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|(tenant, _)| tenant.0).collect::<Vec<Uuid>>())
    .bind::<Array<Bytea>, _>(keys.iter().map(|(_, digest)| digest.clone()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes some of the answers that are too old. Needs the system's scope.
pub(crate) async fn delete_expired(connection: &mut Connection, now: DateTime, limit: i64) -> Stored<usize> {
    Ok(statement(
        "DELETE FROM model_answers WHERE ctid = ANY (ARRAY( \
             SELECT ctid FROM model_answers WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .execute(connection)
    .await?)
}
