//! Makes a member of whoever holds an invite's link and proves to be the person it was sent to.

use common::event::{Cause, Event, MemberJoined};
use common::identity::ActorKind;
use common::trace::TraceContext;
use common::{Actor, ApiKeyId, DateTime, InviteId, Permission, Role, SessionId, TenantId, UserId, Violation};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::domain::{email::Email, grant, secret};
use crate::auth::keys::{KeyError, Keys};
use crate::auth::passwords::HashingError;
use crate::auth::store::{api_keys, users};
use crate::auth::usecases::login::SignedIn;
use crate::auth::usecases::open_session::{Holder, OpenSessionError, open_session};
use crate::tenants::domain::invite::{InviteStatus, Unusable};
use crate::tenants::store::invites::{self, InviteRow};
use crate::tenants::store::{memberships, role_of, tenants};

/// Tenants that the answer lists; `GET /tenants` has them all.
const LISTED: i64 = 200;

/// Why nobody became a member.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptInviteError {
    /// The link is worth nothing.
    #[error("the invite's link is worth nothing: {}", .0.as_str())]
    Unusable(Unusable),
    /// The address has an account, and nothing proves that its person asks.
    #[error("the address has an account")]
    ProofNeeded,
    /// The account has a second factor, which this call does not take.
    #[error("the account has a second factor")]
    SecondFactorNeeded,
    /// Somebody else is signed in.
    #[error("the invite is for another account")]
    OtherAccount,
    /// The account's password is another one.
    #[error("wrong password")]
    WrongPassword,
    /// A new account needs a name and a good password.
    #[error("a new account cannot be made of this")]
    Invalid(Vec<Violation>),
    /// The password could not be checked or hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Who accepts.
#[derive(Clone, Debug)]
pub(crate) enum Acceptor {
    /// Somebody with an account, who proved it.
    Known(UserId),
    /// Somebody without one, who chose a name and a password.
    New {
        /// The id of the account to be.
        id: UserId,
        /// What they are called.
        name: String,
        /// The hash of their password.
        password_hash: String,
    },
}

/// Where and when it is accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub user_agent: Option<&'a str>,
    pub trace: TraceContext,
    pub at: DateTime,
}

/// The invite of a link, if it can be accepted now.
pub(crate) async fn find_usable(
    connection: &mut Connection,
    token: &str,
    now: DateTime,
) -> Result<InviteRow, AcceptInviteError> {
    let unusable = AcceptInviteError::Unusable;
    let link = invites::find_by_token(connection, &secret::hash(token)).await?;
    let link = link.ok_or(unusable(Unusable::Unknown))?;
    let invite = link.invite;
    let status = InviteStatus::at(now, invite.expires_at, invite.accepted_at, invite.revoked_at);
    if let Some(reason) = status.refusal(link.is_newest) {
        // To whoever was invited it is one thing how their inviter lost the right.
        let by_removal = invite.revoked_reason.as_deref() == Some("inviter_removed");
        return Err(unusable(if by_removal { Unusable::InviterGone } else { reason }));
    }
    Ok(invite)
}

/// Spends the invite, makes the member and signs them in. In the system scope: a person's tenants are several. The
/// tenant is held meanwhile, so that nobody revokes, resends or accepts the same invite at the same moment.
pub(crate) async fn accept_invite(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    (token, acceptor): (&str, Acceptor),
    circumstances: Circumstances<'_>,
) -> Result<(UserId, SignedIn), AcceptInviteError> {
    let now = circumstances.at;
    let tenant = TenantId(find_usable(connection, token, now).await?.tenant_id);
    let gone = || AcceptInviteError::Unusable(Unusable::Revoked);
    let row = tenants::lock(connection, tenant).await?.ok_or_else(gone)?;
    let invite = find_usable(connection, token, now).await?;
    let role = role_of(&invite.role)?;
    if !may_still_invite(connection, tenant, &invite, role).await? {
        return Err(AcceptInviteError::Unusable(Unusable::InviterGone));
    }
    let id = account_of(connection, &invite, acceptor, now).await?;
    invites::accept(connection, InviteId(invite.id), id, now).await?;
    // Who became a member meanwhile keeps the role that they have.
    let role = match memberships::find(connection, tenant, id).await? {
        Some(member) => member.role,
        None => {
            memberships::insert(connection, tenant, id, role, now).await?;
            let actor = Actor { kind: ActorKind::User, id: id.to_string(), name: Some(invite.email.clone()) };
            let cause = Cause { tenant_id: tenant, actor, trace: circumstances.trace, at: now };
            let told = MemberJoined { user_id: id, email: invite.email, role, invite_id: Some(InviteId(invite.id)) };
            app.outbox.append(connection, &[Event::new(&cause, "gateway", &told)]).await?;
            role
        }
    };
    users::remember_tenant(connection, id, tenant, now).await?;
    let holder = Holder { session: SessionId::generate(), tenant, user: id, role };
    let tokens = open_session(connection, app, keys, holder, circumstances.user_agent, now).await?;
    let memberships = memberships::of_user(connection, id, None, LISTED).await?;
    Ok((id, SignedIn { tokens, tenant: row, role, memberships }))
}

/// The account that accepts, made when there is none.
async fn account_of(
    connection: &mut Connection,
    invite: &InviteRow,
    acceptor: Acceptor,
    now: DateTime,
) -> Result<UserId, AcceptInviteError> {
    match acceptor {
        Acceptor::Known(id) => Ok(id),
        Acceptor::New { id, name, password_hash } => {
            let email = Email::parse(&invite.email).ok_or(AcceptInviteError::ProofNeeded)?;
            // Somebody signed up with the address a moment ago: they must prove to be the same.
            if users::insert(connection, id, &email, &name, &password_hash, now).await? {
                Ok(id)
            } else {
                Err(AcceptInviteError::ProofNeeded)
            }
        }
    }
}

/// Whether the inviter, person or key, could invite to this role today.
async fn may_still_invite(
    connection: &mut Connection,
    tenant: TenantId,
    invite: &InviteRow,
    role: Role,
) -> Result<bool, DbError> {
    let inviter = invite.invited_by;
    let (own, scopes) = match memberships::find(connection, tenant, UserId(inviter)).await? {
        Some(member) => (member.role, None),
        None => match api_keys::find(connection, tenant, ApiKeyId(inviter)).await? {
            Some(key) => (role_of(&key.role)?, key.scopes),
            None => return Ok(false),
        },
    };
    let has = |wanted: Permission| grant::permissions_of(own, scopes.as_deref()).any(|held| held == wanted);
    Ok(has(Permission::MembersWrite) && role.permissions().all(has))
}

impl From<OpenSessionError> for AcceptInviteError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Keys(error) => Self::Keys(error),
            OpenSessionError::Db(error) => Self::Db(error),
        }
    }
}
