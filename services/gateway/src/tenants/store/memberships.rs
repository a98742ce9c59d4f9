//! `memberships`: who belongs to which tenant, as what.

use common::{DateTime, Role, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::role_of;

/// A member.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub version: i32,
    pub joined_at: DateTime,
}

/// A tenant as one of its members sees it in a list.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub tenant: TenantId,
    pub name: String,
    pub role: Role,
}

#[derive(QueryableByName)]
struct MemberRow {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Timestamptz)]
    joined_at: DateTime,
}

#[derive(QueryableByName)]
struct MembershipRow {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl MemberRow {
    fn into_member(self) -> Result<Member, DbError> {
        Ok(Member {
            user: UserId(self.user_id),
            email: self.email,
            name: self.name,
            role: role_of(&self.role)?,
            version: self.version,
            joined_at: self.joined_at,
        })
    }
}

/// Makes somebody a member.
pub(crate) async fn insert(
    connection: &mut Connection,
    tenant: TenantId,
    user: UserId,
    role: Role,
    at: DateTime,
) -> Result<(), DbError> {
    statement("INSERT INTO memberships (tenant_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4)")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(user.0)
        .bind::<Text, _>(role.as_str())
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// A member of the tenant.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Member>, DbError> {
    let mut rows: Vec<MemberRow> = statement(
        "SELECT m.user_id, u.email, u.name, m.role, m.version, m.joined_at FROM memberships m \
         JOIN users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.user_id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(user.0)
    .load(connection)
    .await?;
    rows.pop().map(MemberRow::into_member).transpose()
}

/// Whether somebody with that address is a member of the tenant.
pub(crate) async fn has_email(connection: &mut Connection, tenant: TenantId, email: &str) -> Result<bool, DbError> {
    let row: Count = statement(
        "SELECT count(*) AS count FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.tenant_id = $1 AND u.email = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(email)
    .get_result(connection)
    .await?;
    Ok(row.count > 0)
}

/// The tenant's members, newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<(DateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<Member>, DbError> {
    let rows: Vec<MemberRow> = statement(
        "SELECT m.user_id, u.email, u.name, m.role, m.version, m.joined_at FROM memberships m \
         JOIN users u ON u.id = m.user_id \
         WHERE m.tenant_id = $1 AND ($2::timestamptz IS NULL OR (m.joined_at, m.user_id) < ($2, $3)) \
         ORDER BY m.joined_at DESC, m.user_id DESC LIMIT $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<Timestamptz>, _>(before.map(|(at, _)| at))
    .bind::<Nullable<SqlUuid>, _>(before.map(|(_, id)| id))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter().map(MemberRow::into_member).collect()
}

/// The tenants of a person, newest first; needs the system scope, since they are many tenants' rows.
pub(crate) async fn of_user(
    connection: &mut Connection,
    user: UserId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Membership>, DbError> {
    let rows: Vec<MembershipRow> = statement(
        "SELECT m.tenant_id, t.name, m.role FROM memberships m JOIN tenants t ON t.id = m.tenant_id \
         WHERE m.user_id = $1 AND ($2::uuid IS NULL OR m.tenant_id < $2) ORDER BY m.tenant_id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Membership { tenant: TenantId(row.tenant_id), name: row.name, role: role_of(&row.role)? }))
        .collect()
}

/// How many owners the tenant has; lock the tenant first.
pub(crate) async fn count_owners(connection: &mut Connection, tenant: TenantId) -> Result<i64, DbError> {
    let row: Count = statement("SELECT count(*) AS count FROM memberships WHERE tenant_id = $1 AND role = 'owner'")
        .bind::<SqlUuid, _>(tenant.0)
        .get_result(connection)
        .await?;
    Ok(row.count)
}

/// Gives a member another role and raises the membership's version.
pub(crate) async fn set_role(
    connection: &mut Connection,
    tenant: TenantId,
    user: UserId,
    role: Role,
) -> Result<(), DbError> {
    statement("UPDATE memberships SET role = $3, version = version + 1 WHERE tenant_id = $1 AND user_id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(user.0)
        .bind::<Text, _>(role.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a membership.
pub(crate) async fn delete(connection: &mut Connection, tenant: TenantId, user: UserId) -> Result<(), DbError> {
    statement("DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(user.0)
        .execute(connection)
        .await?;
    Ok(())
}
