//! Invites somebody by mail.

use chrono::Duration;
use common::event::{Cause, Event, InviteResent, MemberInvited};
use common::{Identity, InviteId, Permission, Role, TenantId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::domain::grant;
use crate::auth::domain::secret::{INVITE_TOKEN, Secret};
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::mail::{self, Letter};
use crate::tenants::store::entitlements::{self, SeatsTaken};
use crate::tenants::store::invites::{self, InviteRow, Sending};
use crate::tenants::store::{memberships, role_of, tenants};

/// Most invites of a tenant that are neither accepted nor revoked.
pub(crate) const MAX_OPEN: i64 = 500;
/// How long a link counts.
const LIFE: Duration = Duration::days(7);

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateInviteError {
    /// They are a member.
    #[error("a member already")]
    AlreadyMember,
    /// Nobody gives what they have not, and only owners make owners.
    #[error("the caller lacks {0}")]
    Lacking(Permission),
    /// The tenant has enough of them.
    #[error("the tenant has {MAX_OPEN} open invites")]
    TooMany,
    /// The plan has no seat left.
    #[error("all {} seats are taken", .0.seats)]
    NoSeat(SeatsTaken),
    /// The caller may not invite any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Whether somebody was invited, or invited again.
#[derive(Debug)]
pub(crate) enum Invited {
    /// For the first time.
    Anew(InviteRow),
    /// Their open invite got a new link.
    Again(InviteRow),
}

/// Invites. Who has an open invite already gets it again, with the role that is asked for now.
pub(crate) async fn create_invite(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    (email, role): (&Email, Role),
) -> Result<Invited, CreateInviteError> {
    let caller = may_invite(connection, caller, role).await?;
    if memberships::has_email(connection, cause.tenant_id, email.as_str()).await? {
        return Err(CreateInviteError::AlreadyMember);
    }
    if let Some(open) = invites::find_open(connection, cause.tenant_id, email.as_str()).await? {
        return Ok(Invited::Again(send_again(connection, app, &caller, cause, &open, role).await?));
    }
    if invites::count_open(connection, cause.tenant_id).await? >= MAX_OPEN {
        return Err(CreateInviteError::TooMany);
    }
    if let Some(taken) = entitlements::seats_taken(connection, cause.tenant_id, cause.at).await? {
        return Err(CreateInviteError::NoSeat(taken));
    }
    let (id, token) = (InviteId::generate(), Secret::generate(INVITE_TOKEN));
    let hash = token.hash();
    let sending = sending(&caller, cause, role, &hash);
    let row = invites::insert(connection, id, cause.tenant_id, email.as_str(), sending).await?;
    let told = MemberInvited { invite_id: id, email: email.as_str().to_owned(), role, expires_at: sending.expires_at };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    write(connection, app, &row, &token, cause).await?;
    Ok(Invited::Anew(row))
}

/// Refuses unless the caller may invite somebody as `role`; holds the tenant until the transaction ends.
pub(super) async fn may_invite(
    connection: &mut Connection,
    caller: &Identity,
    role: Role,
) -> Result<Identity, CreateInviteError> {
    let caller = confirm_caller(connection, caller, Permission::MembersWrite).await?.identity;
    if role == Role::Owner && !caller.may(Permission::OwnersWrite) {
        return Err(CreateInviteError::Lacking(Permission::OwnersWrite));
    }
    match grant::excess(&caller, role, None) {
        Some(permission) => Err(CreateInviteError::Lacking(permission)),
        None => Ok(caller),
    }
}

/// Sends an open invite again: a new link, a new end, and the former link is worth nothing. It is the caller's from
/// now on.
pub(super) async fn send_again(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    open: &InviteRow,
    role: Role,
) -> Result<InviteRow, DbError> {
    let token = Secret::generate(INVITE_TOKEN);
    let hash = token.hash();
    let sending = sending(caller, cause, role, &hash);
    let (id, before) = (InviteId(open.id), role_of(&open.role)?);
    let row = invites::renew(connection, id, cause.tenant_id, sending).await?;
    let told =
        InviteResent { invite_id: id, email: row.email.clone(), before, after: role, expires_at: sending.expires_at };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    write(connection, app, &row, &token, cause).await?;
    Ok(row)
}

fn sending<'a>(caller: &'a Identity, cause: &Cause, role: Role, hash: &'a [u8; 32]) -> Sending<'a> {
    Sending {
        role,
        hash,
        by: caller.principal.id(),
        by_name: &caller.display_name,
        at: cause.at,
        expires_at: cause.at + LIFE,
    }
}

async fn write(
    connection: &mut Connection,
    app: &App,
    invite: &InviteRow,
    token: &Secret,
    cause: &Cause,
) -> Result<(), DbError> {
    let Some(email) = Email::parse(&invite.email) else { return Ok(()) };
    let tenant = tenants::find(connection, TenantId(invite.tenant_id)).await?;
    let letter = Letter::Invite {
        tenant: tenant.map(|tenant| tenant.name).unwrap_or_default(),
        inviter: invite.invited_by_name.clone(),
        role: invite.role.clone(),
        expires: invite.expires_at.format("%-d %B %Y, %H:%M UTC").to_string(),
    };
    mail::queue(connection, &app.sealer, &email, &letter, Some(token), cause.at).await
}
