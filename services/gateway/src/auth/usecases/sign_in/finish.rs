//! Lets somebody in whom the tenant's identity provider vouches for: into that tenant, and nowhere else.
//!
//! An account is found by who its person is at the provider, never by an e-mail address: whoever runs a provider can
//! claim any address.

use chrono::Duration;
use common::event::{Cause, Event, MemberJoined, SignInLinked};
use common::identity::ActorKind;
use common::trace::TraceContext;
use common::{Actor, DateTime, Role, SessionId, UserId};
use db::{Connection, DbError};

use super::prove::Proven;
use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::domain::id_token::IdClaims;
use crate::auth::domain::identity_provider::{SecondFactorRule, domain_of};
use crate::auth::keys::{KeyError, Keys};
use crate::auth::store::sign_in_providers::{self, ProviderRow};
use crate::auth::store::users::UserRow;
use crate::auth::store::{second_factors, sessions, sign_in_identities, users};
use crate::auth::usecases::open_session::{Holder, OpenSessionError, Opening, TokenPair, open_session_by};
use crate::tenants::domain::MAX_NAME;
use crate::tenants::store::tenants::TenantRow;
use crate::tenants::store::{memberships, role_of, tenants};

/// Why somebody whom the provider vouches for is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The provider tells no e-mail address, or none that it verified.
    EmailUnverified,
    /// The address is of no domain that the tenant lets in.
    Domain,
    /// They were a member, and were removed.
    MemberRemoved,
    /// The tenant requires a second factor, and nobody saw one.
    SecondFactor,
    /// They are linked to another account in this tenant.
    LinkedElsewhere,
    /// Who linked is no member any more.
    NotMember,
}

impl Refusal {
    /// The reason in answers and events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::EmailUnverified => "email_unverified",
            Self::Domain => "domain",
            Self::MemberRemoved => "member_removed",
            Self::SecondFactor => "second_factor",
            Self::LinkedElsewhere => "linked_elsewhere",
            Self::NotMember => "not_member",
        }
    }

    /// What to do about it.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::EmailUnverified => {
                "The identity provider does not say that your e-mail address is verified. Verify it there."
            }
            Self::Domain => "The tenant does not let addresses of this domain in. Ask one of its owners.",
            Self::MemberRemoved => "You are no member of this tenant any more. Ask somebody there to invite you.",
            Self::SecondFactor => {
                "The tenant requires a second factor, and the identity provider did not ask for one. Sign in there with it."
            }
            Self::LinkedElsewhere => "You are linked to another account in this tenant. Sign in to that one.",
            Self::NotMember => "The account that is to be linked is no member of this tenant any more.",
        }
    }
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FinishError {
    /// The tenant does not want it.
    #[error("the sign-in is refused: {}", .0.as_str())]
    Refused(Refusal),
    /// The address has an account, which only its person can link.
    #[error("the address has an account")]
    AccountExists,
    /// The provider was changed or turned off meanwhile.
    #[error("the tenant's provider is another one by now")]
    Changed,
    /// The access token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Where and when somebody comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    pub user_agent: Option<&'a str>,
    pub trace: TraceContext,
    pub at: DateTime,
    /// The hash of a password that nobody knows, for an account that is made.
    pub no_password: Option<&'a str>,
}

/// Who came in.
pub(crate) struct Entered {
    pub tokens: TokenPair,
    pub user: UserRow,
    pub tenant: TenantRow,
    pub role: Role,
}

/// Lets them in, or says why not. The tenant is held meanwhile: of two first sign-ins one makes the account.
pub(crate) async fn finish(
    connection: &mut Connection,
    app: &App,
    keys: &Keys,
    proven: &Proven,
    circumstances: Circumstances<'_>,
) -> Result<Entered, FinishError> {
    let (tenant, claims, now) = (proven.tenant, &proven.claims, circumstances.at);
    let row = tenants::lock(connection, tenant).await?.ok_or(FinishError::Changed)?;
    let provider = sign_in_providers::find(connection, tenant).await?;
    let same = |row: &ProviderRow| row.enabled && row.issuer == claims.iss && row.client_id == proven.client_id;
    let provider = provider.filter(same).ok_or(FinishError::Changed)?;
    let user = account_of(connection, app, proven, &provider, circumstances).await?;
    let member = memberships::find(connection, tenant, user).await?;
    let role = member.ok_or(FinishError::Refused(Refusal::MemberRemoved))?.role;
    let ends_at = now + Duration::hours(provider.session_hours.into());
    let holder = Holder { session: SessionId::generate(), tenant, user, role };
    let by = (Opening::Provider { ends_at }, circumstances.user_agent);
    let tokens = open_session_by(connection, app, keys, holder, by, now).await?;
    note_second_factor(connection, (&provider, claims), holder, now).await?;
    let user = users::find(connection, user).await?.ok_or(FinishError::Changed)?;
    Ok(Entered { tokens, user, tenant: row, role })
}

/// Whose account it is: linked before, linked now, or made now. The e-mail address matters only for one that is made.
async fn account_of(
    connection: &mut Connection,
    app: &App,
    proven: &Proven,
    provider: &ProviderRow,
    circumstances: Circumstances<'_>,
) -> Result<UserId, FinishError> {
    let (tenant, claims, now) = (proven.tenant, &proven.claims, circumstances.at);
    let there = (claims.iss.as_str(), claims.sub.as_str());
    let linked = sign_in_identities::find(connection, tenant, there, now).await?;
    let (user, email, by) = match (linked, proven.linking_user) {
        (Some(user), None) => return Ok(user),
        (Some(user), Some(linking)) if user == linking => return Ok(user),
        (Some(_), Some(_)) => return Err(FinishError::Refused(Refusal::LinkedElsewhere)),
        (None, Some(user)) => {
            let member = memberships::find(connection, tenant, user).await?;
            (user, member.ok_or(FinishError::Refused(Refusal::NotMember))?.email, "link")
        }
        (None, None) => {
            let (user, email) = make_account(connection, proven, circumstances).await?;
            (user, email, "first_sign_in")
        }
    };
    if !sign_in_identities::link(connection, tenant, user, there, now).await? {
        return Err(FinishError::Refused(Refusal::LinkedElsewhere));
    }
    let actor = Actor { kind: ActorKind::User, id: user.to_string(), name: Some(email.clone()) };
    let cause = Cause { tenant_id: tenant, actor, trace: circumstances.trace, at: now };
    let (issuer, subject) = (claims.iss.clone(), claims.sub.clone());
    let linked = SignInLinked { user_id: user, issuer, subject, by: by.to_owned() };
    let mut events = vec![Event::new(&cause, "gateway", &linked)];
    if proven.linking_user.is_none() {
        let role = role_of(&provider.default_role)?;
        memberships::insert(connection, tenant, user, role, now).await?;
        let joined = MemberJoined { user_id: user, email, role, invite_id: None };
        events.push(Event::new(&cause, "gateway", &joined));
    }
    app.outbox.append(connection, &events).await?;
    Ok(user)
}

/// Makes the account of somebody who comes for the first time, if their verified address is of a domain that the
/// tenant lets in.
async fn make_account(
    connection: &mut Connection,
    proven: &Proven,
    circumstances: Circumstances<'_>,
) -> Result<(UserId, String), FinishError> {
    let claims = &proven.claims;
    let email = claims.email.as_deref().filter(|_| claims.email_verified).and_then(Email::parse);
    let email = email.ok_or(FinishError::Refused(Refusal::EmailUnverified))?;
    let domain = domain_of(&email);
    let domains = sign_in_providers::domains(connection, proven.tenant).await?;
    if !domains.iter().any(|row| row.proven_at.is_some() && Some(&row.domain) == domain.as_ref()) {
        return Err(FinishError::Refused(Refusal::Domain));
    }
    // Known when the sign-in began to finish, and unlinked since.
    let no_password = circumstances.no_password.ok_or(FinishError::Changed)?;
    let id = UserId::generate();
    let name = name_of(claims, &email);
    if users::insert(connection, id, &email, &name, no_password, circumstances.at).await? {
        Ok((id, email.as_str().to_owned()))
    } else {
        Err(FinishError::AccountExists)
    }
}

/// What the person is called, as far as the provider says.
fn name_of(claims: &IdClaims, email: &Email) -> String {
    let told = claims.name.as_deref().unwrap_or_default();
    let name: String = told.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let name = name.trim();
    if name.is_empty() { email.as_str().split('@').next().unwrap_or_default().to_owned() } else { name.to_owned() }
}

/// Notes whether the sign-in counts as both factors; if not, the gate asks for what is missing, as of any session.
async fn note_second_factor(
    connection: &mut Connection,
    (provider, claims): (&ProviderRow, &IdClaims),
    holder: Holder,
    now: DateTime,
) -> Result<(), FinishError> {
    let counts = SecondFactorRule::parse(&provider.second_factor) == Some(SecondFactorRule::Provider);
    if counts || claims.shows_second_factor() {
        return Ok(sessions::pass_second_factor(connection, holder.session, now).await?);
    }
    let state = sessions::state(connection, holder.session, false).await?;
    let factor = second_factors::find(connection, holder.user).await?;
    let is_enrolled = factor.is_some_and(|factor| factor.confirmed_at.is_some());
    // Whoever has one of their own can still show it, to POST /auth/totp/prove.
    match state {
        Some(state) if state.is_required && !is_enrolled => Err(FinishError::Refused(Refusal::SecondFactor)),
        _ => Ok(()),
    }
}

impl FinishError {
    /// The reason that owners are told.
    pub(crate) const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Refused(refusal) => Some(refusal.as_str()),
            Self::AccountExists => Some("account_exists"),
            Self::Changed => Some("provider_changed"),
            Self::Keys(_) | Self::Db(_) => None,
        }
    }
}

impl From<OpenSessionError> for FinishError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Keys(error) => Self::Keys(error),
            OpenSessionError::Db(error) => Self::Db(error),
        }
    }
}
