//! `sign_in_identities`: who somebody at a provider is, in one tenant.

use common::{DateTime, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
}

/// The account of somebody at a provider, noted as in use.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    (issuer, subject): (&str, &str),
    at: DateTime,
) -> Result<Option<UserId>, DbError> {
    let mut rows: Vec<Known> = statement(
        "UPDATE sign_in_identities SET last_used_at = $4 WHERE tenant_id = $1 AND issuer = $2 AND subject = $3 \
         RETURNING user_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(issuer)
    .bind::<Text, _>(subject)
    .bind::<Timestamptz, _>(at)
    .load(connection)
    .await?;
    Ok(rows.pop().map(|row| UserId(row.user_id)))
}

/// Links somebody at a provider to an account, in the place of whoever it was linked to there before; `false` when
/// they are somebody else's already.
pub(crate) async fn link(
    connection: &mut Connection,
    tenant: TenantId,
    user: UserId,
    (issuer, subject): (&str, &str),
    at: DateTime,
) -> Result<bool, DbError> {
    statement("DELETE FROM sign_in_identities WHERE tenant_id = $1 AND issuer = $2 AND user_id = $3 AND subject <> $4")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Text, _>(issuer)
        .bind::<SqlUuid, _>(user.0)
        .bind::<Text, _>(subject)
        .execute(connection)
        .await?;
    let rows = statement(
        "INSERT INTO sign_in_identities AS i (tenant_id, issuer, subject, user_id, created_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (tenant_id, issuer, subject) DO UPDATE SET last_used_at = $5 WHERE i.user_id = $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(issuer)
    .bind::<Text, _>(subject)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(rows == 1)
}
