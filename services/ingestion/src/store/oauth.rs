//! Rows of `oauth_states` and `oauth_tokens`.

use common::{Actor, DateTime, IntegrationId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, Binary, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::oauth::ConnectionStatus;

/// An authorisation under way.
#[derive(Debug)]
pub(crate) struct OauthState {
    pub(crate) hash: Vec<u8>,
    pub(crate) tenant_id: TenantId,
    pub(crate) integration_id: IntegrationId,
    pub(crate) verifier_sealed: Vec<u8>,
    pub(crate) client_secret_sealed: Option<Vec<u8>>,
    pub(crate) actor: Actor,
    pub(crate) created_at: DateTime,
    pub(crate) expires_at: DateTime,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Binary)]
    state_hash: Vec<u8>,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    integration_id: Uuid,
    #[diesel(sql_type = Binary)]
    verifier_sealed: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    client_secret_sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Json)]
    actor: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime,
}

/// A connection to a provider.
#[derive(Debug, QueryableByName)]
pub(crate) struct ConnectionRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) integration_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(crate) client_secret_sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(crate) tokens_sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) scope: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) expires_at: Option<DateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) error: Option<String>,
}

impl ConnectionRow {
    pub(crate) fn status(&self) -> ConnectionStatus {
        // The table's check lets nothing else in.
        ConnectionStatus::parse(&self.status).unwrap_or(ConnectionStatus::Disconnected)
    }
}

/// What a grant writes.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    pub(crate) sealed: &'a [u8],
    pub(crate) scope: Option<&'a str>,
    pub(crate) expires_at: Option<DateTime>,
}

/// Keeps an authorisation, and forgets the tenant's that ran out.
pub(crate) async fn insert_state(connection: &mut Connection, state: &OauthState) -> Result<(), DbError> {
    statement("DELETE FROM oauth_states WHERE tenant_id = $1 AND expires_at <= $2")
        .bind::<SqlUuid, _>(state.tenant_id.0)
        .bind::<Timestamptz, _>(state.created_at)
        .execute(connection)
        .await?;
    statement(
        "INSERT INTO oauth_states (state_hash, tenant_id, integration_id, verifier_sealed, client_secret_sealed, \
             actor, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind::<Binary, _>(&state.hash)
    .bind::<SqlUuid, _>(state.tenant_id.0)
    .bind::<SqlUuid, _>(state.integration_id.0)
    .bind::<Binary, _>(&state.verifier_sealed)
    .bind::<Nullable<Binary>, _>(state.client_secret_sealed.as_deref())
    .bind::<Json, _>(serde_json::to_value(&state.actor).unwrap_or_default())
    .bind::<Timestamptz, _>(state.created_at)
    .bind::<Timestamptz, _>(state.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an authorisation away; of two callbacks that name it one gets it. Needs the system's scope: a callback
/// names no tenant.
pub(crate) async fn take_state(connection: &mut Connection, hash: &[u8]) -> Result<Option<OauthState>, DbError> {
    let row: Option<StateRow> = statement("DELETE FROM oauth_states WHERE state_hash = $1 RETURNING *")
        .bind::<Binary, _>(hash)
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|row| OauthState {
        hash: row.state_hash,
        tenant_id: TenantId(row.tenant_id),
        integration_id: IntegrationId(row.integration_id),
        verifier_sealed: row.verifier_sealed,
        client_secret_sealed: row.client_secret_sealed,
        actor: serde_json::from_value(row.actor).unwrap_or_else(|_| Actor::service(crate::domain::entry::AGENT)),
        created_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

/// Ends every authorisation under way of a source.
pub(crate) async fn forget_states(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<(), DbError> {
    statement("DELETE FROM oauth_states WHERE tenant_id = $1 AND integration_id = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(integration.0)
        .execute(connection)
        .await?;
    Ok(())
}

const CONNECTION: &str = "SELECT integration_id, status, client_secret_sealed, tokens_sealed, scope, expires_at, error \
                          FROM oauth_tokens WHERE tenant_id = $1 AND integration_id = ANY ($2)";
const CONNECTION_LOCKED: &str = "SELECT integration_id, status, client_secret_sealed, tokens_sealed, scope, expires_at, error \
     FROM oauth_tokens WHERE tenant_id = $1 AND integration_id = ANY ($2) FOR UPDATE";

/// The connections of sources; a source that was never authorised has none.
pub(crate) async fn connections(
    connection: &mut Connection,
    tenant: TenantId,
    integrations: &[IntegrationId],
) -> Result<Vec<ConnectionRow>, DbError> {
    load(connection, CONNECTION, tenant, integrations).await
}

/// A source's connection, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Option<ConnectionRow>, DbError> {
    Ok(load(connection, CONNECTION_LOCKED, tenant, &[integration]).await?.pop())
}

async fn load(
    connection: &mut Connection,
    sql: &'static str,
    tenant: TenantId,
    integrations: &[IntegrationId],
) -> Result<Vec<ConnectionRow>, DbError> {
    let ids: Vec<Uuid> = integrations.iter().map(|id| id.0).collect();
    Ok(statement(sql).bind::<SqlUuid, _>(tenant.0).bind::<Array<SqlUuid>, _>(ids).load(connection).await?)
}

/// Writes a new grant, whatever was there before.
pub(crate) async fn connect(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    client_secret_sealed: Option<&[u8]>,
    tokens: &Tokens<'_>,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO oauth_tokens (integration_id, tenant_id, status, client_secret_sealed, tokens_sealed, scope, \
             expires_at, connected_at, updated_at) VALUES ($1, $2, 'connected', $3, $4, $5, $6, $7, $7) \
         ON CONFLICT (integration_id) DO UPDATE SET status = 'connected', error = NULL, \
             client_secret_sealed = EXCLUDED.client_secret_sealed, tokens_sealed = EXCLUDED.tokens_sealed, \
             scope = EXCLUDED.scope, expires_at = EXCLUDED.expires_at, connected_at = EXCLUDED.connected_at, \
             updated_at = EXCLUDED.updated_at",
    )
    .bind::<SqlUuid, _>(integration.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<Binary>, _>(client_secret_sealed)
    .bind::<Binary, _>(tokens.sealed)
    .bind::<Nullable<Text>, _>(tokens.scope)
    .bind::<Nullable<Timestamptz>, _>(tokens.expires_at)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes refreshed tokens.
pub(crate) async fn refresh(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    tokens: &Tokens<'_>,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE oauth_tokens SET tokens_sealed = $3, scope = COALESCE($4, scope), expires_at = $5, updated_at = $6 \
         WHERE tenant_id = $1 AND integration_id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<Binary, _>(tokens.sealed)
    .bind::<Nullable<Text>, _>(tokens.scope)
    .bind::<Nullable<Timestamptz>, _>(tokens.expires_at)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Throws the tokens away and says why nothing is pulled any more.
pub(crate) async fn end(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    status: ConnectionStatus,
    error: Option<&str>,
    at: DateTime,
) -> Result<bool, DbError> {
    // The client's secret stays for a reconnection, unless somebody took the connection back.
    let changed = statement(
        "UPDATE oauth_tokens SET status = $3, error = $4, tokens_sealed = NULL, expires_at = NULL, updated_at = $5, \
             client_secret_sealed = CASE WHEN $3 = 'disconnected' THEN NULL ELSE client_secret_sealed END \
         WHERE tenant_id = $1 AND integration_id = $2 AND status <> $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .bind::<Text, _>(status.as_str())
    .bind::<Nullable<Text>, _>(error)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(changed == 1)
}
