//! `sign_in_identities`: who somebody at a provider is, in one tenant.

use common::{DateTime, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
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

/// Who somebody is at a provider, as it is shown.
#[derive(Debug, QueryableByName)]
pub(crate) struct IdentityRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub tenant_name: String,
    #[diesel(sql_type = Text)]
    pub issuer: String,
    #[diesel(sql_type = Text)]
    pub subject: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub last_used_at: DateTime,
    /// Whether it lets its person in now: the provider is the tenant's, and turned on.
    #[diesel(sql_type = Bool)]
    pub is_usable: bool,
}

/// Whose identities, and in which tenant; all of those that they are a member of when it is not said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    pub user: UserId,
    pub tenant: Option<TenantId>,
}

/// The person's identities, newest first. Where they are no member any more theirs are not shown: those only keep
/// them from coming back by themselves. Needs the system's scope, as all below.
pub(crate) async fn list(connection: &mut Connection, whose: Whose) -> Result<Vec<IdentityRow>, DbError> {
    let rows = statement(
        "SELECT i.id, i.tenant_id, t.name AS tenant_name, i.issuer, i.subject, i.created_at, i.last_used_at, \
                coalesce(p.enabled AND p.issuer = i.issuer, false) AS is_usable \
         FROM sign_in_identities i \
         JOIN memberships m ON m.tenant_id = i.tenant_id AND m.user_id = i.user_id \
         JOIN tenants t ON t.id = i.tenant_id AND t.deleted_at IS NULL \
         LEFT JOIN sign_in_providers p ON p.tenant_id = i.tenant_id \
         WHERE i.user_id = $1 AND ($2::uuid IS NULL OR i.tenant_id = $2) ORDER BY i.created_at DESC, i.id DESC",
    )
    .bind::<SqlUuid, _>(whose.user.0)
    .bind::<Nullable<SqlUuid>, _>(whose.tenant.map(|tenant| tenant.0))
    .load(connection)
    .await?;
    Ok(rows)
}

/// Forgets one.
pub(crate) async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), DbError> {
    statement("DELETE FROM sign_in_identities WHERE id = $1").bind::<SqlUuid, _>(id).execute(connection).await?;
    Ok(())
}
