//! Begins a session in another tenant of the same person. The session at hand goes on: it may be another tab. When it ends, the
//! new one ends with it.

use common::{DateTime, SessionId, TenantId, UserId};
use db::{Connection, DbError};

use super::open_session::{Holder, OpenSessionError, TokenPair, open_session};
use crate::app::App;
use crate::auth::keys::{KeyError, Keys};
use crate::auth::store::{sessions, users};
use crate::tenants::store::memberships::{self, Member};
use crate::tenants::store::tenants::{self, TenantRow};

/// Why the person stays where they are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwitchTenantError {
    /// They are no member there.
    #[error("not a member of that tenant")]
    NotMember,
    /// The session at hand was ended a moment ago.
    #[error("the session was ended")]
    SessionEnded,
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Signs the person in to `tenant`, in a transaction of that tenant.
pub(crate) async fn switch_tenant(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    (user, opener): (UserId, SessionId),
    tenant: TenantId,
    user_agent: Option<&str>,
    now: DateTime,
) -> Result<(Member, TenantRow, TokenPair), SwitchTenantError> {
    // What ends the session at hand ends those opened from it: it waits for this one, or this one finds it ended.
    if !sessions::hold(connection, opener).await? {
        return Err(SwitchTenantError::SessionEnded);
    }
    let member = memberships::find(connection, tenant, user).await?.ok_or(SwitchTenantError::NotMember)?;
    let row = tenants::find(connection, tenant).await?.ok_or(SwitchTenantError::NotMember)?;
    users::remember_tenant(connection, user, tenant, now).await?;
    let holder = Holder { session: SessionId::generate(), tenant, user, role: member.role };
    let tokens = open_session(connection, app, keys, holder, user_agent, now).await?;
    sessions::set_opener(connection, holder.session, opener).await?;
    Ok((member, row, tokens))
}

impl From<OpenSessionError> for SwitchTenantError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Keys(error) => Self::Keys(error),
            OpenSessionError::Db(error) => Self::Db(error),
        }
    }
}
