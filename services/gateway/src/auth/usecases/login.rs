//! Signs a person in, into one of their tenants.

use common::{DateTime, SessionId, TenantId, UserId};
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
    pub membership: Membership,
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
    let memberships = memberships::of_user(connection, id, None, LISTED).await?;
    let find = |tenant: TenantId| memberships.iter().find(|membership| membership.tenant == tenant);
    let chosen = match wanted {
        Some(tenant) => find(tenant).ok_or(LoginError::NotMember)?,
        None => user
            .last_tenant_id
            .and_then(|tenant| find(TenantId(tenant)))
            .or_else(|| memberships.first())
            .ok_or(LoginError::NoTenant)?,
    };
    let membership = chosen.clone();
    let tenant = tenants::find(connection, membership.tenant).await?.ok_or(LoginError::NotMember)?;
    users::remember_tenant(connection, id, membership.tenant, now).await?;
    let holder = Holder { session: SessionId::generate(), tenant: membership.tenant, user: id, role: membership.role };
    let tokens = open_session(connection, app, keys, holder, user_agent, now).await?;
    Ok(SignedIn { tokens, tenant, membership, memberships })
}

impl From<OpenSessionError> for LoginError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Keys(error) => Self::Keys(error),
            OpenSessionError::Db(error) => Self::Db(error),
        }
    }
}
