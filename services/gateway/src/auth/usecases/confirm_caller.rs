//! Makes sure that a caller may still do what the gate let pass: what the gate remembers of a credential may be as
//! old as `auth.token_check_seconds`.

use common::{ApiKeyId, DateTime, Identity, Permission, Principal, Role, UserId};
use db::{Connection, DbError};

use crate::auth::store::api_keys;
use crate::tenants::store::{memberships, tenants};

/// The caller as they are now.
#[derive(Debug)]
pub(crate) struct Standing {
    pub identity: Identity,
    /// When their API key ends.
    pub expires_at: Option<DateTime>,
}

/// Why the caller may not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StandingError {
    /// They are no member any more, or their key was revoked.
    #[error("the caller is gone")]
    Gone,
    /// They may not do it any more.
    #[error("the caller lacks {0} by now")]
    Lost(Permission),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Holds the tenant until the transaction ends, so that nobody's role changes meanwhile, and reads the caller anew.
pub(crate) async fn confirm_caller(
    connection: &mut Connection,
    caller: &Identity,
    permission: Permission,
) -> Result<Standing, StandingError> {
    let tenant = caller.tenant_id;
    tenants::lock(connection, tenant).await?;
    let (role, expires_at) = match caller.principal {
        Principal::User(id) => {
            let member = memberships::find(connection, tenant, UserId(id)).await?.ok_or(StandingError::Gone)?;
            (member.role, None)
        }
        Principal::ApiKey(id) => {
            let key = api_keys::find(connection, tenant, ApiKeyId(id)).await?.ok_or(StandingError::Gone)?;
            (Role::parse(&key.role).ok_or(StandingError::Gone)?, key.expires_at)
        }
    };
    let identity = Identity { role, ..caller.clone() };
    if identity.may(permission) { Ok(Standing { identity, expires_at }) } else { Err(StandingError::Lost(permission)) }
}
