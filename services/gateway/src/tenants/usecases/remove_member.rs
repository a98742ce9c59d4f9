//! Ends a membership, and with it the member's sessions in the tenant.

use common::event::{Cause, Event, MemberRemoved};
use common::{Identity, Permission, Principal, Role, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::sessions;
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::tenants::store::{memberships, tenants};
use crate::tenants::usecases::revoke_invite::revoke_all_of;

/// Why nobody was removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoveMemberError {
    /// There is no such member.
    #[error("no such member")]
    NotFound,
    /// Only owners remove owners.
    #[error("the caller lacks {0}")]
    Lacking(Permission),
    /// Nobody would own the tenant.
    #[error("the last owner stays")]
    LastOwner,
    /// The caller may not remove members any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Removes the member and tells it; waits its turn as `change_member` does.
pub(crate) async fn remove_member(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    user: UserId,
) -> Result<(), RemoveMemberError> {
    let tenant = cause.tenant_id;
    // Whoever leaves needs no permission for it, and no owner's either.
    let leaves = caller.principal == Principal::User(user.0);
    let caller = if leaves {
        tenants::lock(connection, tenant).await?;
        caller.clone()
    } else {
        confirm_caller(connection, caller, Permission::MembersWrite).await?.identity
    };
    let member = memberships::find(connection, tenant, user).await?.ok_or(RemoveMemberError::NotFound)?;
    if member.role == Role::Owner {
        if !leaves && !caller.may(Permission::OwnersWrite) {
            return Err(RemoveMemberError::Lacking(Permission::OwnersWrite));
        }
        if memberships::count_owners(connection, tenant).await? <= 1 {
            return Err(RemoveMemberError::LastOwner);
        }
    }
    memberships::delete(connection, tenant, user).await?;
    sessions::revoke_member(connection, tenant, user, cause.at).await?;
    revoke_all_of(connection, app, cause, user.0).await?;
    let told = MemberRemoved { user_id: user, role: member.role };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(())
}
