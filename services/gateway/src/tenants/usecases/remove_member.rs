//! Ends a membership, and with it the member's sessions in the tenant.

use common::event::{Cause, Event, MemberRemoved};
use common::{Role, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::sessions;
use crate::tenants::store::{memberships, tenants};

/// Why nobody was removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoveMemberError {
    /// There is no such member.
    #[error("no such member")]
    NotFound,
    /// Only owners remove owners.
    #[error("only owners change owners")]
    OwnersOnly,
    /// Nobody would own the tenant.
    #[error("the last owner stays")]
    LastOwner,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Removes the member and tells it; waits its turn as `change_member` does.
pub(crate) async fn remove_member(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: UserId,
    may_change_owners: bool,
) -> Result<(), RemoveMemberError> {
    let tenant = cause.tenant_id;
    tenants::lock(connection, tenant).await?;
    let member = memberships::find(connection, tenant, user).await?.ok_or(RemoveMemberError::NotFound)?;
    if member.role == Role::Owner {
        if !may_change_owners {
            return Err(RemoveMemberError::OwnersOnly);
        }
        if memberships::count_owners(connection, tenant).await? <= 1 {
            return Err(RemoveMemberError::LastOwner);
        }
    }
    memberships::delete(connection, tenant, user).await?;
    sessions::revoke_member(connection, tenant, user, cause.at).await?;
    let told = MemberRemoved { user_id: user, role: member.role };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(())
}
