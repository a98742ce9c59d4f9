//! `sign_in_flows`: sign-ins that a browser was sent away for.

use common::{DateTime, TenantId, UserId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// A sign-in as it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewFlow<'a> {
    pub state_hash: &'a [u8; 32],
    pub browser_hash: &'a [u8; 32],
    pub tenant: TenantId,
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub secrets_sealed: &'a [u8],
    pub linking_user: Option<UserId>,
    pub expires_at: DateTime,
}

/// A sign-in whose answer has come.
#[derive(Clone, QueryableByName)]
pub(crate) struct FlowRow {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub issuer: String,
    #[diesel(sql_type = Text)]
    pub client_id: String,
    #[diesel(sql_type = Text)]
    pub redirect_uri: String,
    #[diesel(sql_type = Binary)]
    pub secrets_sealed: Vec<u8>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub linking_user: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime,
}

/// Remembers a sign-in that begins.
pub(crate) async fn insert(connection: &mut Connection, flow: &NewFlow<'_>) -> Result<(), DbError> {
    statement(
        "INSERT INTO sign_in_flows (state_hash, browser_hash, tenant_id, issuer, client_id, redirect_uri, \
         secrets_sealed, linking_user, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind::<Binary, _>(flow.state_hash.as_slice())
    .bind::<Binary, _>(flow.browser_hash.as_slice())
    .bind::<SqlUuid, _>(flow.tenant.0)
    .bind::<Text, _>(flow.issuer)
    .bind::<Text, _>(flow.client_id)
    .bind::<Text, _>(flow.redirect_uri)
    .bind::<Binary, _>(flow.secrets_sealed)
    .bind::<Nullable<SqlUuid>, _>(flow.linking_user.map(|user| user.0))
    .bind::<Timestamptz, _>(flow.expires_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a sign-in whose answer has come, for whoever began it; it is there no more. Needs the system scope: whose it
/// is, it says itself.
pub(crate) async fn take(
    connection: &mut Connection,
    state_hash: &[u8; 32],
    browser_hash: &[u8; 32],
) -> Result<Option<FlowRow>, DbError> {
    let mut rows: Vec<FlowRow> = statement(
        "DELETE FROM sign_in_flows WHERE state_hash = $1 AND browser_hash = $2 \
         RETURNING tenant_id, issuer, client_id, redirect_uri, secrets_sealed, linking_user, expires_at",
    )
    .bind::<Binary, _>(state_hash.as_slice())
    .bind::<Binary, _>(browser_hash.as_slice())
    .load(connection)
    .await?;
    Ok(rows.pop())
}

/// Forgets those that nobody came back for; returns how many.
pub(crate) async fn sweep(connection: &mut Connection, now: DateTime) -> Result<usize, DbError> {
    Ok(statement("DELETE FROM sign_in_flows WHERE expires_at < $1")
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?)
}
