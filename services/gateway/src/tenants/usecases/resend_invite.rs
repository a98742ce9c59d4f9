//! Sends an open invite again.

use common::event::Cause;
use common::{Identity, InviteId};
use db::{Connection, DbError};

use super::create_invite::{CreateInviteError, may_invite, send_again};
use crate::app::App;
use crate::tenants::domain::invite::InviteStatus;
use crate::tenants::store::invites::{self, InviteRow};
use crate::tenants::store::role_of;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResendInviteError {
    /// There is no such invite.
    #[error("no such invite")]
    NotFound,
    /// It was accepted or taken back.
    #[error("the invite is {0}")]
    Closed(&'static str),
    /// The caller may not give its role.
    #[error(transparent)]
    Invite(#[from] CreateInviteError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Gives the invite a new link and a new end, and mails them.
pub(crate) async fn resend_invite(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    id: InviteId,
) -> Result<InviteRow, ResendInviteError> {
    let found = invites::find(connection, cause.tenant_id, id).await?.ok_or(ResendInviteError::NotFound)?;
    let role = role_of(&found.role)?;
    let caller = may_invite(connection, caller, role).await?;
    // Read anew under the tenant's lock: it may have been accepted a moment ago.
    let open = invites::find(connection, cause.tenant_id, id).await?.ok_or(ResendInviteError::NotFound)?;
    let status = InviteStatus::at(cause.at, open.expires_at, open.accepted_at, open.revoked_at);
    match status {
        InviteStatus::Accepted | InviteStatus::Revoked => Err(ResendInviteError::Closed(status.as_str())),
        InviteStatus::Pending | InviteStatus::Expired => {
            Ok(send_again(connection, app, &caller, cause, &open, role).await?)
        }
    }
}
