//! `sessions`, and what of them a check of a token needs.

use common::{DateTime, SessionId, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A session as it is begun.
#[derive(Clone, Debug)]
pub(crate) struct NewSession<'a> {
    pub id: SessionId,
    pub tenant: TenantId,
    pub user: UserId,
    pub user_agent: Option<&'a str>,
    pub at: DateTime,
    pub expires_at: DateTime,
    /// Whether the tenant's identity provider opened it.
    pub confined: bool,
}

/// A session as its person sees it.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct SessionRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    pub user_agent: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub last_used_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime,
}

/// What decides whether an access token still counts.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct SessionState {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    #[diesel(sql_type = Text)]
    pub email: String,
    /// None when the person is no member any more.
    #[diesel(sql_type = Nullable<Text>)]
    pub role: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub revoked_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    pub revoked_reason: Option<String>,
    /// When the session showed a second factor.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub second_factor_at: Option<DateTime>,
    /// Whether the person has one.
    #[diesel(sql_type = Bool)]
    pub is_enrolled: bool,
    /// Whether the tenant asks for one.
    #[diesel(sql_type = Bool)]
    pub is_required: bool,
    /// Whether the tenant's identity provider opened it.
    #[diesel(sql_type = Bool)]
    pub confined: bool,
    /// Whether the tenant lets its members in through that provider only.
    #[diesel(sql_type = Bool)]
    pub is_provider_required: bool,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime,
}

/// A session that was ended, and where it was.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub(crate) struct EndedSession {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
}

/// Begins a session.
pub(crate) async fn insert(connection: &mut Connection, session: &NewSession<'_>) -> Result<(), DbError> {
    statement(
        "INSERT INTO sessions (id, tenant_id, user_id, user_agent, created_at, last_used_at, expires_at, confined) \
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(session.id.0)
    .bind::<SqlUuid, _>(session.tenant.0)
    .bind::<SqlUuid, _>(session.user.0)
    .bind::<Nullable<Text>, _>(session.user_agent)
    .bind::<Timestamptz, _>(session.at)
    .bind::<Timestamptz, _>(session.expires_at)
    .bind::<Bool, _>(session.confined)
    .execute(connection)
    .await?;
    Ok(())
}

/// The state of a session and of the membership behind it. `lock` holds the session until the transaction ends.
pub(crate) async fn state(
    connection: &mut Connection,
    id: SessionId,
    lock: bool,
) -> Result<Option<SessionState>, DbError> {
    let sql = if lock {
        "SELECT s.tenant_id, s.user_id, u.email, m.role, s.revoked_at, s.revoked_reason, s.second_factor_at, \
         EXISTS (SELECT FROM second_factors f WHERE f.user_id = s.user_id AND f.confirmed_at IS NOT NULL) AS is_enrolled, \
         coalesce(t.settings ->> 'requireSecondFactor' = 'true', false) AS is_required, s.confined, \
         coalesce(p.enabled AND p.required, false) AS is_provider_required, s.created_at, s.expires_at FROM sessions s \
         JOIN users u ON u.id = s.user_id JOIN tenants t ON t.id = s.tenant_id \
         LEFT JOIN sign_in_providers p ON p.tenant_id = s.tenant_id \
         LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id \
         WHERE s.id = $1 FOR UPDATE OF s"
    } else {
        "SELECT s.tenant_id, s.user_id, u.email, m.role, s.revoked_at, s.revoked_reason, s.second_factor_at, \
         EXISTS (SELECT FROM second_factors f WHERE f.user_id = s.user_id AND f.confirmed_at IS NOT NULL) AS is_enrolled, \
         coalesce(t.settings ->> 'requireSecondFactor' = 'true', false) AS is_required, s.confined, \
         coalesce(p.enabled AND p.required, false) AS is_provider_required, s.created_at, s.expires_at FROM sessions s \
         JOIN users u ON u.id = s.user_id JOIN tenants t ON t.id = s.tenant_id \
         LEFT JOIN sign_in_providers p ON p.tenant_id = s.tenant_id \
         LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id \
         WHERE s.id = $1"
    };
    let mut rows: Vec<SessionState> = statement(sql).bind::<SqlUuid, _>(id.0).load(connection).await?;
    Ok(rows.pop())
}

/// Notes that a session is in use, at most every five minutes.
pub(crate) async fn touch(connection: &mut Connection, id: SessionId, at: DateTime) -> Result<(), DbError> {
    statement(
        "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2::timestamptz - interval '5 minutes'",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a session that was refreshed its new end.
pub(crate) async fn prolong(
    connection: &mut Connection,
    id: SessionId,
    at: DateTime,
    expires_at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1")
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(at)
        .bind::<Timestamptz, _>(expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// A person's live sessions, newest first: in all tenants, or only those that the provider of `confined_to` opened.
pub(crate) async fn list(
    connection: &mut Connection,
    user: UserId,
    confined_to: Option<TenantId>,
    now: DateTime,
    (before, limit): (Option<Uuid>, i64),
) -> Result<Vec<SessionRow>, DbError> {
    Ok(statement(
        "SELECT id, tenant_id, user_agent, created_at, last_used_at, expires_at FROM sessions \
         WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND ($3::uuid IS NULL OR id < $3) \
         AND ($5::uuid IS NULL OR (tenant_id = $5 AND confined)) ORDER BY id DESC LIMIT $4",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<SqlUuid>, _>(confined_to.map(|tenant| tenant.0))
    .load(connection)
    .await?)
}

/// Notes the session from which another one was opened: they end together.
pub(crate) async fn set_opener(connection: &mut Connection, id: SessionId, opener: SessionId) -> Result<(), DbError> {
    statement("UPDATE sessions SET opened_by = $2 WHERE id = $1")
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(opener.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the session goes on. It does until the transaction ends.
pub(crate) async fn hold(connection: &mut Connection, id: SessionId) -> Result<bool, DbError> {
    let sql = "SELECT id, tenant_id FROM sessions WHERE id = $1 AND revoked_at IS NULL FOR SHARE";
    let rows: Vec<EndedSession> = statement(sql).bind::<SqlUuid, _>(id.0).load(connection).await?;
    Ok(!rows.is_empty())
}

/// Waits until nobody opens another session from those of the person, or from that one alone. What is read afterwards
/// has all that were opened.
async fn hold_openers(connection: &mut Connection, user: UserId, only: Option<SessionId>) -> Result<(), DbError> {
    statement(
        "SELECT FROM sessions WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2) AND revoked_at IS NULL \
         ORDER BY id FOR UPDATE",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Nullable<SqlUuid>, _>(only.map(|id| id.0))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a person's session and those opened from it, whatever their tenant; nothing when it is not theirs or has
/// ended already. Needs the system scope.
pub(crate) async fn revoke(
    connection: &mut Connection,
    id: SessionId,
    user: UserId,
    reason: &'static str,
    at: DateTime,
) -> Result<Vec<EndedSession>, DbError> {
    hold_openers(connection, user, Some(id)).await?;
    Ok(statement(
        "WITH RECURSIVE family AS ( \
             SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $4 \
             UNION SELECT s.id FROM sessions s JOIN family f ON s.opened_by = f.id) \
         UPDATE sessions SET revoked_at = $4, revoked_reason = $3 \
         WHERE id IN (SELECT id FROM family) AND revoked_at IS NULL RETURNING id, tenant_id",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Text, _>(reason)
    .bind::<Timestamptz, _>(at)
    .load(connection)
    .await?)
}

/// Ends all of a person's sessions but `kept`, whatever their tenant. Needs the system scope.
pub(crate) async fn revoke_all(
    connection: &mut Connection,
    user: UserId,
    kept: Option<SessionId>,
    reason: &'static str,
    at: DateTime,
) -> Result<Vec<EndedSession>, DbError> {
    hold_openers(connection, user, None).await?;
    Ok(statement(
        "UPDATE sessions SET revoked_at = $4, revoked_reason = $3 \
         WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND revoked_at IS NULL AND expires_at > $4 \
         RETURNING id, tenant_id",
    )
    .bind::<SqlUuid, _>(user.0)
    .bind::<Nullable<SqlUuid>, _>(kept.map(|id| id.0))
    .bind::<Text, _>(reason)
    .bind::<Timestamptz, _>(at)
    .load(connection)
    .await?)
}

/// Ends all sessions that a tenant's identity provider opened, and returns them.
pub(crate) async fn revoke_confined(
    connection: &mut Connection,
    tenant: TenantId,
    at: DateTime,
) -> Result<Vec<EndedSession>, DbError> {
    Ok(statement(
        "UPDATE sessions SET revoked_at = $2, revoked_reason = 'sign_in_changed' \
         WHERE tenant_id = $1 AND confined AND revoked_at IS NULL RETURNING id, tenant_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .load(connection)
    .await?)
}

/// Ends all sessions of a tenant that is deleted. What remains of them is who was told to go, and why.
pub(crate) async fn revoke_tenant(connection: &mut Connection, tenant: TenantId, at: DateTime) -> Result<(), DbError> {
    statement("UPDATE sessions SET user_agent = NULL WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    statement(
        "UPDATE sessions SET revoked_at = $2, revoked_reason = 'tenant_deleted' \
         WHERE tenant_id = $1 AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a session of that person is one that the tenant's identity provider opened.
pub(crate) async fn is_confined_to(
    connection: &mut Connection,
    id: SessionId,
    (tenant, user): (TenantId, UserId),
) -> Result<bool, DbError> {
    let state = state(connection, id, false).await?;
    Ok(state.is_some_and(|state| state.confined && state.tenant_id == tenant.0 && state.user_id == user.0))
}

/// Ends all sessions that a former member has in the tenant.
pub(crate) async fn revoke_member(
    connection: &mut Connection,
    tenant: TenantId,
    user: UserId,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE sessions SET revoked_at = $3, revoked_reason = 'member_removed' \
         WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a session showed a second factor.
pub(crate) async fn pass_second_factor(
    connection: &mut Connection,
    id: SessionId,
    at: DateTime,
) -> Result<(), DbError> {
    statement("UPDATE sessions SET second_factor_at = $2 WHERE id = $1")
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Tells all replicas to look at a session anew.
pub(crate) async fn tell_changed(connection: &mut Connection, id: SessionId) -> Result<(), DbError> {
    statement("SELECT pg_notify('gateway_credentials', 'session:' || $1::uuid::text)")
        .bind::<SqlUuid, _>(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what a person's sessions showed, in all tenants.
pub(crate) async fn forget_second_factor(connection: &mut Connection, user: UserId) -> Result<(), DbError> {
    statement("UPDATE sessions SET second_factor_at = NULL WHERE user_id = $1 AND second_factor_at IS NOT NULL")
        .bind::<SqlUuid, _>(user.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes sessions, with their tokens, that ended before `cutoff`; returns how many.
pub(crate) async fn sweep(connection: &mut Connection, cutoff: DateTime) -> Result<usize, DbError> {
    Ok(statement("DELETE FROM sessions WHERE expires_at < $1")
        .bind::<Timestamptz, _>(cutoff)
        .execute(connection)
        .await?)
}
