//! `users`.

use common::{DateTime, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::auth::domain::email::Email;

/// A person.
#[derive(Clone, QueryableByName)]
pub(crate) struct UserRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub password_hash: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub last_tenant_id: Option<Uuid>,
}

/// Adds a person; `false` when the address is taken.
pub(crate) async fn insert(
    connection: &mut Connection,
    id: UserId,
    email: &Email,
    name: &str,
    password_hash: &str,
    at: DateTime,
) -> Result<bool, DbError> {
    let rows = statement(
        "INSERT INTO users (id, email, name, password_hash, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(email.as_str())
    .bind::<Text, _>(name)
    .bind::<Text, _>(password_hash)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(rows == 1)
}

/// The person with that address.
pub(crate) async fn find_by_email(connection: &mut Connection, email: &Email) -> Result<Option<UserRow>, DbError> {
    let mut rows: Vec<UserRow> =
        statement("SELECT id, email, name, password_hash, last_tenant_id FROM users WHERE email = $1")
            .bind::<Text, _>(email.as_str())
            .load(connection)
            .await?;
    Ok(rows.pop())
}

/// The person with that id.
pub(crate) async fn find(connection: &mut Connection, id: UserId) -> Result<Option<UserRow>, DbError> {
    let mut rows: Vec<UserRow> =
        statement("SELECT id, email, name, password_hash, last_tenant_id FROM users WHERE id = $1")
            .bind::<SqlUuid, _>(id.0)
            .load(connection)
            .await?;
    Ok(rows.pop())
}

/// Whether the person's password is still the one of that hash. It stays so until the transaction ends.
pub(crate) async fn holds_password(
    connection: &mut Connection,
    id: UserId,
    password_hash: &str,
) -> Result<bool, DbError> {
    let sql = "SELECT id, email, name, password_hash, last_tenant_id FROM users WHERE id = $1 FOR NO KEY UPDATE";
    let rows: Vec<UserRow> = statement(sql).bind::<SqlUuid, _>(id.0).load(connection).await?;
    Ok(rows.iter().any(|row| row.password_hash == password_hash))
}

/// Sets a new password's hash, unless the present one is not `expected` any more; `false` then.
pub(crate) async fn set_password(
    connection: &mut Connection,
    id: UserId,
    expected: Option<&str>,
    password_hash: &str,
    at: DateTime,
) -> Result<bool, DbError> {
    let rows = statement(
        "UPDATE users SET password_hash = $3, updated_at = $4 WHERE id = $1 AND ($2::text IS NULL OR password_hash = $2)",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Nullable<Text>, _>(expected)
    .bind::<Text, _>(password_hash)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(rows == 1)
}

/// Notes the tenant that the person works in, for the next sign-in that names none.
pub(crate) async fn remember_tenant(
    connection: &mut Connection,
    id: UserId,
    tenant: TenantId,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE users SET last_tenant_id = $2, updated_at = $3 WHERE id = $1 AND last_tenant_id IS DISTINCT FROM $2",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}
