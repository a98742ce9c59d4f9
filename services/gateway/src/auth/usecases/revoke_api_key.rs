//! Revokes an API key.

use common::ApiKeyId;
use common::event::{ApiKeyRevoked, Cause, Event};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::api_keys;
use crate::tenants::store::tenants;
use crate::tenants::usecases::revoke_invite::revoke_all_of;

/// Why no key was revoked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeApiKeyError {
    /// The tenant has no such live key.
    #[error("no such API key")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Revokes the key and tells it.
pub(crate) async fn revoke_api_key(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: ApiKeyId,
) -> Result<(), RevokeApiKeyError> {
    tenants::lock(connection, cause.tenant_id).await?;
    let name = api_keys::revoke(connection, cause.tenant_id, id, cause.at).await?;
    let name = name.ok_or(RevokeApiKeyError::NotFound)?;
    revoke_all_of(connection, app, cause, id.0).await?;
    let told = ApiKeyRevoked { api_key_id: id, name };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(())
}
