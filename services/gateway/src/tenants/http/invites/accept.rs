//! `POST /tenants/invites/accept`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::trace::TraceContext;
use common::{Principal, SessionId, UserId, Violation};
use db::{Connection, DbError};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, RequestContext, idempotent_as};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::domain::email::Email;
use crate::auth::domain::password;
use crate::auth::http::sealed::{self, principal_of};
use crate::auth::http::views::{SignedInView, user_agent};
use crate::auth::store::users::{self, UserRow};
use crate::auth::store::{second_factors, sessions};
use crate::auth::usecases::prove_password::prove_password;
use crate::gate::{self, ClientAddress};
use crate::tenants::domain::check_name;
use crate::tenants::http::views::{TenantEntry, TenantView};
use crate::tenants::usecases::accept_invite::{self, AcceptInviteError, Acceptor, Circumstances};

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/accept-invite-answer";

/// The link's token, and what an account needs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptInviteRequest {
    /// What the link in the letter holds.
    token: String,
    /// What the person is called; for a new account.
    #[serde(default)]
    name: Option<String>,
    /// For a new account, its password: from 8 to 256 characters, and none of the commonest. For an account that
    /// exists, its present password, unless the call brings its access token.
    #[serde(default)]
    password: Option<String>,
}

// Checked when it is known whether there is an account.
impl Check for AcceptInviteRequest {}

/// Accepts an invite, and signs in to the tenant.
///
/// Without an account of the invited address it takes `name` and `password` and makes one. With an account, the call
/// must prove to be its person's: by its access token as `Authorization: Bearer …`, or its `password`.
#[utoipa::path(
    post, path = "/api/v1/tenants/invites/accept", tag = "tenants", request_body = AcceptInviteRequest,
    responses(
        (status = 200, body = SignedInView, description = "A member, and signed in"),
        (status = 401, description = "`unauthenticated` with the reason `account_exists`: send its password or access \
            token; `invalid_credentials`: another password; `second_factor_required`: accept with an access token"),
        (status = 403, description = "`forbidden` with the reason `other_account`: the access token is somebody else's; or `confined_session`: the tenant's \
            identity provider opened its session"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 410, description = "`invite_unusable`; `context.reason` is `unknown`, `superseded`, `accepted`, \
            `revoked`, `expired` or `inviter_gone`"),
        (status = 422, description = "`validation_failed`: a new account needs `name` and `password`"),
        (status = 429, description = "`rate_limited`: too many wrong passwords"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn accept_invite(
    app: Data<App>,
    context: RequestContext,
    http: HttpRequest,
    address: ClientAddress,
    body: Body<AcceptInviteRequest>,
) -> Result<Reply, ApiError> {
    let Body { content, idempotency } = body;
    let (idempotency, token) = (app.answer_key.blind(idempotency), content.token.clone());
    let now = app.clock.now();
    let keys = app.keys.current(now).await?;
    let circumstances = Circumstances { user_agent: user_agent(&http), trace: context.trace, at: now };
    // A repeated request finds its link spent, and its first answer below.
    let acceptor = prepare(&app, &http, content, (address, context.trace)).await;
    let kept = app
        .db
        .system(async |connection| {
            idempotent_as(connection, Uuid::nil(), principal_of(&token), &idempotency, async |connection| {
                let (acceptor, opener) = acceptor?;
                let what = (token.as_str(), acceptor);
                let (id, signed_in) =
                    accept_invite::accept_invite(connection, &app, &keys, what, circumstances).await?;
                if let Some(opener) = opener {
                    inherit_second_factor(connection, opener, signed_in.tokens.session).await?;
                }
                let user: UserRow = users::find(connection, id).await?.ok_or_else(|| ApiError::not_found("user"))?;
                let answer = Reply::ok(&SignedInView {
                    tokens: signed_in.tokens.into(),
                    user: user.into(),
                    tenant: TenantView::from(signed_in.tenant),
                    role: signed_in.role,
                    tenants: Some(signed_in.memberships.into_iter().map(TenantEntry::from).collect()),
                });
                sealed::seal(&app.sealer, PURPOSE, answer)
            })
            .await
        })
        .await?;
    sealed::open(&app.sealer, PURPOSE, kept)
}

/// Finds out who accepts: whoever holds the letter of a new account, or proves to be an account's person. The letter
/// alone is no proof of that: invites are passed on, and an account reaches into other tenants.
async fn prepare(
    app: &App,
    http: &HttpRequest,
    request: AcceptInviteRequest,
    from: (ClientAddress, TraceContext),
) -> Result<(Acceptor, Option<SessionId>), ApiError> {
    let now = app.clock.now();
    let AcceptInviteRequest { token, name, password } = request;
    let (invite, user) = app
        .db
        .system(async |connection| {
            let invite = accept_invite::find_usable(connection, &token, now).await?;
            let user = match Email::parse(&invite.email) {
                Some(email) => users::find_by_email(connection, &email).await?,
                None => None,
            };
            Ok::<_, AcceptInviteError>((invite, user))
        })
        .await?;
    if let Some(bearer) = gate::bearer(http.headers()) {
        let caller = app.checker.check(bearer, now).await?;
        if caller.confined {
            return Err(gate::confined());
        }
        let is_theirs = |user: &UserRow| caller.identity.principal == Principal::User(user.id);
        let user = user.filter(is_theirs).ok_or(AcceptInviteError::OtherAccount)?;
        let opener = match caller.credential {
            Credential::Session(session) => Some(session),
            Credential::ApiKey(_) => None,
        };
        return Ok((Acceptor::Known(UserId(user.id)), opener));
    }
    let password = password.map(Zeroizing::new);
    if let Some(user) = user {
        let password = password.ok_or(AcceptInviteError::ProofNeeded)?;
        let fits = prove_password(app, &user, password, from).await?;
        if !fits {
            return Err(AcceptInviteError::WrongPassword.into());
        }
        let id = UserId(user.id);
        let factor = app.db.system(async |connection| second_factors::find(connection, id).await).await?;
        // The session reaches the account's other tenants, so it takes what signing in takes.
        if factor.is_some_and(|factor| factor.confirmed_at.is_some()) {
            return Err(AcceptInviteError::SecondFactorNeeded.into());
        }
        return Ok((Acceptor::Known(id), None));
    }
    let (Some(name), Some(password)) = (&name, &password) else {
        let missing = |path: &str, is_missing: bool| {
            is_missing.then(|| Violation::new(path, "required", "is needed to make your account; add it"))
        };
        let found = missing("name", name.is_none()).into_iter().chain(missing("password", password.is_none()));
        return Err(AcceptInviteError::Invalid(found.collect()).into());
    };
    let mut found = Vec::new();
    check_name(&mut found, "name", name);
    password::check(&mut found, "password", password, &[&invite.email, name]);
    if !found.is_empty() {
        return Err(AcceptInviteError::Invalid(found).into());
    }
    let password_hash = app.passwords.hash(password.clone()).await.map_err(AcceptInviteError::from)?;
    Ok((Acceptor::New { id: UserId::generate(), name: name.clone(), password_hash }, None))
}

/// What the session showed that accepts, the one that it opens need not show again.
async fn inherit_second_factor(
    connection: &mut Connection,
    opener: SessionId,
    opened: SessionId,
) -> Result<(), DbError> {
    let shown_at = sessions::state(connection, opener, false).await?.and_then(|state| state.second_factor_at);
    match shown_at {
        Some(at) => sessions::pass_second_factor(connection, opened, at).await,
        None => Ok(()),
    }
}
