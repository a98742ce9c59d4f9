//! `invites` and `invite_links`.

use common::{DateTime, InviteId, Role, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// An invite, without what would let anybody accept it.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct InviteRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = Text)]
    pub role: String,
    #[diesel(sql_type = SqlUuid)]
    pub invited_by: Uuid,
    #[diesel(sql_type = Text)]
    pub invited_by_name: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub sent_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub accepted_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub revoked_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    pub revoked_reason: Option<String>,
}

/// What a link leads to.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct LinkRow {
    #[diesel(embed)]
    pub invite: InviteRow,
    /// Whether no newer link was sent since.
    #[diesel(sql_type = Bool)]
    pub is_newest: bool,
}

/// What a sending of an invite sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sending<'a> {
    pub role: Role,
    pub hash: &'a [u8; 32],
    pub by: Uuid,
    pub by_name: &'a str,
    pub at: DateTime,
    pub expires_at: DateTime,
}

/// Adds an invite and its first link.
pub(crate) async fn insert(
    connection: &mut Connection,
    id: InviteId,
    tenant: TenantId,
    email: &str,
    sending: Sending<'_>,
) -> Result<InviteRow, DbError> {
    let row = statement(
        "INSERT INTO invites (id, tenant_id, email, role, token_hash, invited_by, invited_by_name, created_at, sent_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) RETURNING *",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(email)
    .bind::<Text, _>(sending.role.as_str())
    .bind::<Binary, _>(sending.hash.as_slice())
    .bind::<SqlUuid, _>(sending.by)
    .bind::<Text, _>(sending.by_name)
    .bind::<Timestamptz, _>(sending.at)
    .bind::<Timestamptz, _>(sending.expires_at)
    .get_result(connection)
    .await?;
    add_link(connection, id, tenant, sending.hash).await?;
    Ok(row)
}

/// Gives an invite a new link, end and role.
pub(crate) async fn renew(
    connection: &mut Connection,
    id: InviteId,
    tenant: TenantId,
    sending: Sending<'_>,
) -> Result<InviteRow, DbError> {
    let row = statement(
        "UPDATE invites SET role = $3, token_hash = $4, invited_by = $5, invited_by_name = $6, sent_at = $7, \
         expires_at = $8 WHERE tenant_id = $1 AND id = $2 RETURNING *",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(sending.role.as_str())
    .bind::<Binary, _>(sending.hash.as_slice())
    .bind::<SqlUuid, _>(sending.by)
    .bind::<Text, _>(sending.by_name)
    .bind::<Timestamptz, _>(sending.at)
    .bind::<Timestamptz, _>(sending.expires_at)
    .get_result(connection)
    .await?;
    add_link(connection, id, tenant, sending.hash).await?;
    Ok(row)
}

async fn add_link(connection: &mut Connection, id: InviteId, tenant: TenantId, hash: &[u8; 32]) -> Result<(), DbError> {
    statement("INSERT INTO invite_links (token_hash, tenant_id, invite_id) VALUES ($1, $2, $3)")
        .bind::<Binary, _>(hash.as_slice())
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// A tenant's invite.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: InviteId,
) -> Result<Option<InviteRow>, DbError> {
    let mut rows: Vec<InviteRow> = statement("SELECT * FROM invites WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .load(connection)
        .await?;
    Ok(rows.pop())
}

/// The tenant's invite of that address that is neither accepted nor revoked; it may have expired.
pub(crate) async fn find_open(
    connection: &mut Connection,
    tenant: TenantId,
    email: &str,
) -> Result<Option<InviteRow>, DbError> {
    let mut rows: Vec<InviteRow> = statement(
        "SELECT * FROM invites WHERE tenant_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(email)
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// What a link leads to, whosever it is.
pub(crate) async fn find_by_token(connection: &mut Connection, hash: &[u8; 32]) -> Result<Option<LinkRow>, DbError> {
    let mut rows: Vec<LinkRow> = statement(
        "SELECT i.*, i.token_hash = l.token_hash AS is_newest FROM invite_links l JOIN invites i ON i.id = l.invite_id \
         WHERE l.token_hash = $1",
    )
    .bind::<Binary, _>(hash.as_slice())
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// A tenant's invites, newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<InviteRow>, DbError> {
    Ok(statement(
        "SELECT * FROM invites WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// How many of a tenant's invites are open; lock the tenant first.
pub(crate) async fn count_open(connection: &mut Connection, tenant: TenantId) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = statement(
        "SELECT count(*) AS count FROM invites WHERE tenant_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(connection)
    .await?;
    Ok(row.count)
}

/// Notes who accepted an invite.
pub(crate) async fn accept(
    connection: &mut Connection,
    id: InviteId,
    user: UserId,
    at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE invites SET accepted_at = $2, accepted_by = $3 WHERE id = $1")
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(at)
        .bind::<SqlUuid, _>(user.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes open invites back: the one of that id, or all of one inviter.
pub(crate) async fn revoke(
    connection: &mut Connection,
    tenant: TenantId,
    (id, inviter): (Option<InviteId>, Option<Uuid>),
    reason: &'static str,
    at: DateTime,
) -> Result<Vec<InviteRow>, DbError> {
    Ok(statement(
        "UPDATE invites SET revoked_at = $5, revoked_reason = $4 \
         WHERE tenant_id = $1 AND (id = $2 OR invited_by = $3) AND accepted_at IS NULL AND revoked_at IS NULL \
         RETURNING *",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<SqlUuid>, _>(id.map(|id| id.0))
    .bind::<Nullable<SqlUuid>, _>(inviter)
    .bind::<Text, _>(reason)
    .bind::<Timestamptz, _>(at)
    .load(connection)
    .await?)
}
