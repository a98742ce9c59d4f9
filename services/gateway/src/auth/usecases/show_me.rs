//! Who the caller is, and where.

use common::{ApiKeyId, Identity, Principal, UserId};
use db::{Connection, DbError};

use crate::auth::store::api_keys::{self, ApiKeyRow};
use crate::auth::store::users::{self, UserRow};
use crate::tenants::store::tenants::{self, TenantRow};

/// A person or a machine.
pub(crate) enum Who {
    /// A person.
    Person(UserRow),
    /// A machine.
    Machine(ApiKeyRow),
}

/// Why that cannot be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowMeError {
    /// The principal or the tenant was removed a moment ago.
    #[error("the caller is gone")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Looks the caller up.
pub(crate) async fn show_me(connection: &mut Connection, identity: &Identity) -> Result<(Who, TenantRow), ShowMeError> {
    let tenant = tenants::find(connection, identity.tenant_id).await?.ok_or(ShowMeError::Gone)?;
    let who = match identity.principal {
        Principal::User(id) => users::find(connection, UserId(id)).await?.map(Who::Person),
        Principal::ApiKey(id) => api_keys::find(connection, identity.tenant_id, ApiKeyId(id)).await?.map(Who::Machine),
    };
    Ok((who.ok_or(ShowMeError::Gone)?, tenant))
}
