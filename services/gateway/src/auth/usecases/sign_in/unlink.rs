//! Unlinks an account from somebody at a provider: the sessions that were opened there end.

use common::event::{Cause, Event, SignInUnlinked};
use common::{Identity, Permission, Principal, Role, SessionId, SignInIdentityId, TenantId, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::sign_in_identities::{self, Whose};
use crate::auth::store::{sessions, users};
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::tenants::store::memberships;

/// Why nothing was unlinked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnlinkError {
    /// There is no such member.
    #[error("no such member")]
    NoMember,
    /// The person has no such identity there.
    #[error("no such identity")]
    NotFound,
    /// They could not sign in any more.
    #[error("it is the account's only way to sign in")]
    LastWay,
    /// Only owners take an owner's way in.
    #[error("the caller lacks {0}")]
    Lacking(Permission),
    /// The caller may not do it any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes sure that the caller may see and change how a member of the tenant signs in. Owners are owners' to change.
pub(crate) async fn confirm_over_member(
    connection: &mut Connection,
    caller: &Identity,
    user: UserId,
) -> Result<(), UnlinkError> {
    let caller = confirm_caller(connection, caller, Permission::MembersWrite).await?.identity;
    let member = memberships::find(connection, caller.tenant_id, user).await?.ok_or(UnlinkError::NoMember)?;
    let is_own = caller.principal == Principal::User(user.0);
    if member.role == Role::Owner && !is_own && !caller.may(Permission::OwnersWrite) {
        return Err(UnlinkError::Lacking(Permission::OwnersWrite));
    }
    Ok(())
}

/// Unlinks and tells it, and returns the sessions that ended. The person is held meanwhile: of two ways that are taken at
/// once the second one stays.
pub(crate) async fn unlink(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    whose: Whose,
    id: SignInIdentityId,
) -> Result<Vec<SessionId>, UnlinkError> {
    let has_password = users::has_password(connection, whose.user).await?;
    let all = sign_in_identities::list(connection, Whose { tenant: None, ..whose }).await?;
    let mine = all.iter().find(|row| row.id == id.0 && whose.tenant.is_none_or(|tenant| tenant.0 == row.tenant_id));
    let row = mine.ok_or(UnlinkError::NotFound)?;
    if !has_password && !all.iter().any(|other| other.id != id.0 && other.is_usable) {
        return Err(UnlinkError::LastWay);
    }
    sign_in_identities::delete(connection, row.id).await?;
    let tenant = TenantId(row.tenant_id);
    let ended = sessions::revoke_confined_of(connection, (tenant, whose.user), cause.at).await?;
    let told = SignInUnlinked {
        user_id: whose.user,
        issuer: row.issuer.clone(),
        subject: row.subject.clone(),
        sessions_ended: u32::try_from(ended.len()).unwrap_or(u32::MAX),
    };
    // It is the tenant's news, wherever its person is signed in.
    let cause = Cause { tenant_id: tenant, ..cause.clone() };
    app.outbox.append(connection, &[Event::new(&cause, "gateway", &told)]).await?;
    Ok(ended.iter().map(|session| SessionId(session.id)).collect())
}
