//! `second_factors` and `recovery_codes`.

use common::{DateTime, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

/// A person's second factor.
#[derive(Clone, QueryableByName)]
pub(crate) struct SecondFactorRow {
    #[diesel(sql_type = Binary)]
    pub secret_sealed: Vec<u8>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub confirmed_at: Option<DateTime>,
    #[diesel(sql_type = BigInt)]
    pub last_step: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The person's second factor, held until the transaction ends: a code is taken once.
pub(crate) async fn lock(connection: &mut Connection, user: UserId) -> Result<Option<SecondFactorRow>, DbError> {
    let sql = "SELECT secret_sealed, confirmed_at, last_step FROM second_factors WHERE user_id = $1 FOR UPDATE";
    let mut rows: Vec<SecondFactorRow> = statement(sql).bind::<SqlUuid, _>(user.0).load(connection).await?;
    Ok(rows.pop())
}

/// The person's second factor.
pub(crate) async fn find(connection: &mut Connection, user: UserId) -> Result<Option<SecondFactorRow>, DbError> {
    let sql = "SELECT secret_sealed, confirmed_at, last_step FROM second_factors WHERE user_id = $1";
    let mut rows: Vec<SecondFactorRow> = statement(sql).bind::<SqlUuid, _>(user.0).load(connection).await?;
    Ok(rows.pop())
}

/// Sets a secret that is not confirmed yet; `false` when there is one that is.
pub(crate) async fn begin(
    connection: &mut Connection,
    user: UserId,
    secret_sealed: &[u8],
    at: DateTime,
) -> Result<bool, DbError> {
    let rows = statement(
        "INSERT INTO second_factors (user_id, secret_sealed, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET secret_sealed = $2, created_at = $3, last_step = 0 \
         WHERE second_factors.confirmed_at IS NULL",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Binary, _>(secret_sealed)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(rows == 1)
}

/// Notes the step of a code that was taken, and that the person has the secret.
pub(crate) async fn take_step(
    connection: &mut Connection,
    user: UserId,
    step: i64,
    at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE second_factors SET last_step = $2, confirmed_at = coalesce(confirmed_at, $3) WHERE user_id = $1")
        .bind::<SqlUuid, _>(user.0)
        .bind::<BigInt, _>(step)
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes a person's second factor and recovery codes.
pub(crate) async fn delete(connection: &mut Connection, user: UserId) -> Result<(), DbError> {
    for sql in ["DELETE FROM recovery_codes WHERE user_id = $1", "DELETE FROM second_factors WHERE user_id = $1"] {
        statement(sql).bind::<SqlUuid, _>(user.0).execute(connection).await?;
    }
    Ok(())
}

/// Puts new recovery codes in the place of the former ones.
pub(crate) async fn replace_codes(
    connection: &mut Connection,
    user: UserId,
    hashes: Vec<Vec<u8>>,
) -> Result<(), DbError> {
    statement("DELETE FROM recovery_codes WHERE user_id = $1").bind::<SqlUuid, _>(user.0).execute(connection).await?;
    statement("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, hash FROM unnest($2) AS u (hash)")
        .bind::<SqlUuid, _>(user.0)
        .bind::<Array<Binary>, _>(hashes)
        .execute(connection)
        .await?;
    Ok(())
}

/// Uses a recovery code up; `false` when there is no such unused one.
pub(crate) async fn use_code(
    connection: &mut Connection,
    user: UserId,
    hash: &[u8],
    at: DateTime,
) -> Result<bool, DbError> {
    let rows =
        statement("UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL")
            .bind::<SqlUuid, _>(user.0)
            .bind::<Binary, _>(hash)
            .bind::<Timestamptz, _>(at)
            .execute(connection)
            .await?;
    Ok(rows == 1)
}

/// Recovery codes left.
pub(crate) async fn count_codes(connection: &mut Connection, user: UserId) -> Result<i64, DbError> {
    let sql = "SELECT count(*) AS count FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL";
    let row: Count = statement(sql).bind::<SqlUuid, _>(user.0).get_result(connection).await?;
    Ok(row.count)
}
