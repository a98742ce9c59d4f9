//! Makes an API key.

use common::event::{ApiKeyCreated, Cause, Event};
use common::{ApiKeyId, DateTime, Identity, Permission, Role};
use db::{Connection, DbError};

use super::confirm_caller::{StandingError, confirm_caller};
use crate::app::App;
use crate::auth::domain::grant;
use crate::auth::domain::secret::{API_KEY, Secret};
use crate::auth::store::api_keys::{self, ApiKeyRow, NewApiKey};

/// Most keys of a tenant that are neither revoked nor expired.
pub(crate) const MAX_KEYS: i64 = 200;

/// What the key is for.
#[derive(Clone, Debug)]
pub(crate) struct ApiKeyInput {
    pub name: String,
    pub role: Role,
    pub scopes: Option<Vec<String>>,
    pub expires_at: Option<DateTime>,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateApiKeyError {
    /// It could do what its maker cannot.
    #[error("the key would have {0}, which its maker has not")]
    Excess(Permission),
    /// It would outlive the key that makes it.
    #[error("the key would outlive its maker, which ends at {0}")]
    Outlives(DateTime),
    /// The tenant has enough of them.
    #[error("the tenant has {MAX_KEYS} keys")]
    TooMany,
    /// The caller may not make keys any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes the key and tells it, without what would let anybody use it.
pub(crate) async fn create_api_key(
    connection: &mut Connection,
    app: &App,
    maker: &Identity,
    cause: &Cause,
    input: ApiKeyInput,
) -> Result<(ApiKeyRow, Secret), CreateApiKeyError> {
    let standing = confirm_caller(connection, maker, Permission::ApiKeysWrite).await?;
    if let Some(permission) = grant::excess(&standing.identity, input.role, input.scopes.as_deref()) {
        return Err(CreateApiKeyError::Excess(permission));
    }
    if let Some(end) = standing.expires_at
        && input.expires_at.is_none_or(|own| own > end)
    {
        return Err(CreateApiKeyError::Outlives(end));
    }
    if api_keys::count(connection, cause.tenant_id, cause.at).await? >= MAX_KEYS {
        return Err(CreateApiKeyError::TooMany);
    }
    let (id, secret) = (ApiKeyId::generate(), Secret::generate(API_KEY));
    let key = NewApiKey {
        id,
        tenant: cause.tenant_id,
        name: &input.name,
        prefix: secret.prefix(),
        hash: &secret.hash(),
        role: input.role.as_str(),
        scopes: input.scopes.as_deref(),
        created_by: maker.principal.id(),
        at: cause.at,
        expires_at: input.expires_at,
    };
    api_keys::insert(connection, &key).await?;
    let told = ApiKeyCreated {
        api_key_id: id,
        name: input.name.clone(),
        prefix: secret.prefix().to_owned(),
        role: input.role,
        scopes: input.scopes.clone(),
        expires_at: input.expires_at,
    };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    let row = ApiKeyRow {
        id: id.0,
        tenant_id: cause.tenant_id.0,
        prefix: secret.prefix().to_owned(),
        name: input.name,
        role: input.role.as_str().to_owned(),
        scopes: input.scopes,
        created_by: maker.principal.id(),
        created_at: cause.at,
        expires_at: input.expires_at,
        last_used_at: None,
    };
    Ok((row, secret))
}
