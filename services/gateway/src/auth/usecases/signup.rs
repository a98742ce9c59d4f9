//! Signs a person up with a tenant of their own.

use common::event::Cause;
use common::{Role, SessionId, TenantId, UserId};
use db::{Connection, DbError};

use super::open_session::{Holder, OpenSessionError, TokenPair, open_session};
use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::keys::{KeyError, Keys};
use crate::auth::passwords::HashingError;
use crate::auth::store::users;
use crate::tenants::domain::DEFAULT_TIMEZONE;
use crate::tenants::store::tenants::TenantRow;
use crate::tenants::usecases::create_tenant::{CreateTenantError, NewTenant, create_tenant};

/// Who signs up.
#[derive(Clone, Debug)]
pub(crate) struct Signup<'a> {
    pub user: UserId,
    pub tenant: TenantId,
    pub email: &'a Email,
    pub name: &'a str,
    pub password_hash: &'a str,
    pub tenant_name: &'a str,
    pub user_agent: Option<&'a str>,
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignupError {
    /// There is an account with that address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds the person, their tenant and their ownership of it, and signs them in. The cause is the new person in the
/// new tenant.
pub(crate) async fn signup(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    cause: &Cause,
    new: Signup<'_>,
) -> Result<(TenantRow, TokenPair), SignupError> {
    if !users::insert(connection, new.user, new.email, new.name, new.password_hash, cause.at).await? {
        return Err(SignupError::EmailTaken);
    }
    let tenant = NewTenant {
        id: new.tenant,
        name: new.tenant_name,
        timezone: DEFAULT_TIMEZONE,
        owner: new.user,
        owner_email: new.email.as_str(),
    };
    let tenant = create_tenant(connection, app, cause, tenant).await?;
    users::remember_tenant(connection, new.user, new.tenant, cause.at).await?;
    let holder = Holder { session: SessionId::generate(), tenant: new.tenant, user: new.user, role: Role::Owner };
    let tokens = open_session(connection, app, keys, holder, new.user_agent, cause.at).await?;
    Ok((tenant, tokens))
}

impl From<CreateTenantError> for SignupError {
    fn from(error: CreateTenantError) -> Self {
        match error {
            CreateTenantError::Db(error) => Self::Db(error),
        }
    }
}

impl From<OpenSessionError> for SignupError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Keys(error) => Self::Keys(error),
            OpenSessionError::Db(error) => Self::Db(error),
        }
    }
}
