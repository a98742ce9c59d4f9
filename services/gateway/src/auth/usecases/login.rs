//! Signs a person in, into one of their tenants.

use common::{DateTime, Role, SessionId, TenantId, UserId};
use db::{Connection, DbError};

use super::open_session::{Holder, OpenSessionError, TokenPair, open_session};
use crate::app::App;
use crate::auth::keys::{KeyError, Keys};
use crate::auth::passwords::HashingError;
use crate::auth::store::users::{self, UserRow};
use crate::tenants::store::memberships::{self, Membership};
use crate::tenants::store::tenants::{self, TenantRow};

/// Tenants that the answer lists; `GET /tenants` has them all.
const LISTED: i64 = 200;

/// What a sign-in gives.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub tokens: TokenPair,
    pub tenant: TenantRow,
    pub role: Role,
    pub memberships: Vec<Membership>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// Address and password do not fit.
    #[error("wrong e-mail address or password")]
    WrongPair,
    /// The person is no member of the tenant that was asked for.
    #[error("not a member of that tenant")]
    NotMember,
    /// The person is a member of no tenant.
    #[error("a member of no tenant")]
    NoTenant,
    /// The person has a second factor and showed none.
    #[error("a second factor is required")]
    SecondFactorRequired,
    /// The second factor does not fit.
    #[error("wrong second factor")]
    WrongSecondFactor,
    /// The password was changed while it was checked.
    #[error("the password was changed meanwhile")]
    PasswordChanged,
    /// The second factor's secret cannot be opened.
    #[error("the secret cannot be opened")]
    Sealed(#[source] settings::OpenError),
    /// The password could not be checked.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Signs a person in whose password was found right: into `wanted`, else the tenant that they worked in last,
/// else their newest.
pub(crate) async fn login(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    user: &UserRow,
    wanted: Option<TenantId>,
    user_agent: Option<&str>,
    now: DateTime,
) -> Result<SignedIn, LoginError> {
    let id = UserId(user.id);
    // A new password ends all sessions; one that is opened with the former must not come after it.
    if !users::holds_password(connection, id, &user.password_hash).await? {
        return Err(LoginError::PasswordChanged);
    }
    let memberships = memberships::of_user(connection, id, None, LISTED).await?;
    // Looked up by itself: it need not be among those listed.
    let found = match wanted.or(user.last_tenant_id.map(TenantId)) {
        Some(tenant) => memberships::find(connection, tenant, id).await?.map(|member| (tenant, member.role)),
        None => None,
    };
    let newest = || memberships.first().map(|newest| (newest.tenant, newest.role));
    let (tenant, role) = match wanted {
        Some(_) => found.ok_or(LoginError::NotMember)?,
        None => found.or_else(newest).ok_or(LoginError::NoTenant)?,
    };
    let row = tenants::find(connection, tenant).await?.ok_or(LoginError::NotMember)?;
    users::remember_tenant(connection, id, tenant, now).await?;
    let holder = Holder { session: SessionId::generate(), tenant, user: id, role };
    let tokens = open_session(connection, app, keys, holder, user_agent, now).await?;
    Ok(SignedIn { tokens, tenant: row, role, memberships })
}

impl From<OpenSessionError> for LoginError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Keys(error) => Self::Keys(error),
            OpenSessionError::Db(error) => Self::Db(error),
        }
    }
}
