//! Takes invites back: one, or all of an inviter who is no member any more.

use common::event::{Cause, Event, InviteRevoked};
use common::{Identity, InviteId, Permission};
use db::{Connection, DbError};
use uuid::Uuid;

use crate::app::App;
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::tenants::store::invites::{self, InviteRow};
use crate::tenants::store::role_of;

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeInviteError {
    /// The tenant has no such open invite.
    #[error("no such open invite")]
    NotFound,
    /// The caller may not do it any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Takes one back and tells it.
pub(crate) async fn revoke_invite(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    id: InviteId,
) -> Result<(), RevokeInviteError> {
    confirm_caller(connection, caller, Permission::MembersWrite).await?;
    let revoked = invites::revoke(connection, cause.tenant_id, (Some(id), None), "revoked", cause.at).await?;
    if revoked.is_empty() {
        return Err(RevokeInviteError::NotFound);
    }
    Ok(tell(connection, app, cause, revoked, "revoked").await?)
}

/// Takes back all that a person or key sent, when they may not invite any more; lock the tenant first.
pub(crate) async fn revoke_all_of(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    inviter: Uuid,
) -> Result<(), DbError> {
    let reason = "inviter_removed";
    let revoked = invites::revoke(connection, cause.tenant_id, (None, Some(inviter)), reason, cause.at).await?;
    tell(connection, app, cause, revoked, reason).await
}

async fn tell(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    revoked: Vec<InviteRow>,
    reason: &str,
) -> Result<(), DbError> {
    let mut events = Vec::with_capacity(revoked.len());
    for row in revoked {
        let role = role_of(&row.role)?;
        let told = InviteRevoked { invite_id: InviteId(row.id), email: row.email, role, reason: reason.to_owned() };
        events.push(Event::new(cause, "gateway", &told));
    }
    app.outbox.append(connection, &events).await
}
