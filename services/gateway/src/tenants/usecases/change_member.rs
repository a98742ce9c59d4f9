//! Gives a member another role.

use common::event::{Cause, Event, RoleChanged};
use common::{Identity, Permission, Role, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::domain::grant;
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::tenants::store::memberships::{self, Member};
use crate::tenants::usecases::revoke_invite::revoke_all_of;

/// Who becomes what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberChange {
    pub user: UserId,
    pub role: Role,
    /// The version that the caller read.
    pub expected: Option<i32>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeMemberError {
    /// There is no such member.
    #[error("no such member")]
    NotFound,
    /// Somebody else changed them since.
    #[error("the membership has version {0} by now")]
    VersionConflict(i32),
    /// Only owners make and unmake owners, and nobody gives what they have not.
    #[error("the caller lacks {0}")]
    Lacking(Permission),
    /// Nobody would own the tenant.
    #[error("the last owner stays")]
    LastOwner,
    /// The caller may not change members any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes the role and tells it. Changes of one tenant's members go one after the other, so that two owners who
/// step down at the same time cannot both be the one before the last.
pub(crate) async fn change_member(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    change: MemberChange,
) -> Result<Member, ChangeMemberError> {
    let tenant = cause.tenant_id;
    let caller = confirm_caller(connection, caller, Permission::MembersWrite).await?.identity;
    let member = memberships::find(connection, tenant, change.user).await?.ok_or(ChangeMemberError::NotFound)?;
    if change.expected.is_some_and(|version| version != member.version) {
        return Err(ChangeMemberError::VersionConflict(member.version));
    }
    if member.role == change.role {
        return Ok(member);
    }
    if (member.role == Role::Owner || change.role == Role::Owner) && !caller.may(Permission::OwnersWrite) {
        return Err(ChangeMemberError::Lacking(Permission::OwnersWrite));
    }
    if let Some(permission) = grant::excess(&caller, change.role, None) {
        return Err(ChangeMemberError::Lacking(permission));
    }
    if member.role == Role::Owner && memberships::count_owners(connection, tenant).await? <= 1 {
        return Err(ChangeMemberError::LastOwner);
    }
    memberships::set_role(connection, tenant, change.user, change.role).await?;
    if !change.role.grants(Permission::MembersWrite) {
        revoke_all_of(connection, app, cause, change.user.0).await?;
    }
    let told = RoleChanged { user_id: change.user, before: member.role, after: change.role };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(Member { role: change.role, version: member.version + 1, ..member })
}
