//! `POST /auth/login`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::{ErrorCode, TenantId, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, RequestContext, idempotent_as};
use zeroize::Zeroizing;

use super::sealed::{self, principal_of};
use super::views::{SignedInView, user_agent};
use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::store::users;
use crate::auth::usecases::backoff;
use crate::auth::usecases::login::{self, LoginError};
use crate::auth::usecases::rehash;
use crate::auth::usecases::second_step::{self, SecondStep};
use crate::auth::usecases::totp::prove::Proof;
use crate::gate::ClientAddress;
use crate::tenants::http::views::{TenantEntry, TenantView};

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/login-answer";

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoginRequest {
    /// The e-mail address of the account.
    email: String,
    /// Its password.
    password: String,
    /// Into which tenant; without it, into the one worked in last.
    #[serde(default)]
    tenant_id: Option<TenantId>,
    /// A code of the account's authenticator, when it has a second factor.
    #[serde(default)]
    totp: Option<String>,
    /// An unused recovery code in place of it.
    #[serde(default)]
    recovery_code: Option<String>,
}

impl Check for LoginRequest {
    fn check(&self) -> Vec<Violation> {
        // What cannot be an account is answered like a wrong password.
        Vec::new()
    }
}

/// Signs in. A repeated call with the same `Idempotency-Key` proves the password anew and gets the first session again.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses(
        (status = 200, body = SignedInView, description = "Signed in"),
        (status = 401, description = "`invalid_credentials`, after the same time whether or not the account exists; \
            `second_factor_required` or `invalid_second_factor`, when the account has one"),
        (status = 403, description = "`forbidden`: a member of no tenant any more"),
        (status = 404, description = "`not_found`: not a member of `tenantId`"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`: too many failed; `context.scope` is `account` or `address`"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn login(
    app: Data<App>,
    address: ClientAddress,
    context: RequestContext,
    http: HttpRequest,
    body: Body<LoginRequest>,
) -> Result<Reply, ApiError> {
    let Body { content: LoginRequest { email, password, tenant_id, totp, recovery_code }, idempotency } = body;
    let idempotency = app.answer_key.blind(idempotency);
    let now = app.clock.now();
    // What is no address is counted as it was sent.
    let counted = Email::parse(&email).map_or_else(|| email.clone(), |email| email.as_str().to_owned());
    let attempt = app.db.system(async |connection| backoff::begin(connection, &counted, address, now).await).await?;
    let user = match Email::parse(&email) {
        Some(email) => app.db.system(async |connection| users::find_by_email(connection, &email).await).await?,
        None => None,
    };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let password = Zeroizing::new(password);
    let fits = match app.passwords.verify(password.clone(), hash).await {
        Ok(fits) => fits,
        Err(error) => {
            app.db.system(async |connection| backoff::take_back(connection, &attempt).await).await?;
            return Err(LoginError::from(error).into());
        }
    };
    if !fits {
        let (user, trace) = (user.as_ref(), context.trace);
        app.db.system(async |connection| backoff::fail(connection, &app, &attempt, user, trace, now).await).await?;
        return Err(LoginError::WrongPair.into());
    }
    let user = user.ok_or(LoginError::WrongPair)?;
    let keys = app.keys.current(now).await?;
    let proof = match (&totp, &recovery_code) {
        (Some(code), _) => Some(Proof::Code(code)),
        (None, Some(code)) => Some(Proof::Recovery(code)),
        (None, None) => None,
    };
    let signing_in = SecondStep { proof, user: UserId(user.id), trace: context.trace, now };
    // A kept answer is looked for only now that the password was found right: else a key would let its holder try
    // passwords past the backoff.
    let outcome = app
        .db
        .system(async |connection| {
            idempotent_as(connection, Uuid::nil(), principal_of(&counted), &idempotency, async |connection| {
                let has_passed = second_step::pass(connection, &app, &signing_in).await?;
                let done = login::login(connection, &app, &keys, &user, tenant_id, user_agent(&http), now).await?;
                second_step::note(connection, &app, &signing_in, has_passed, &done).await?;
                let answer = Reply::ok(&SignedInView {
                    tokens: done.tokens.into(),
                    user: user.clone().into(),
                    tenant: TenantView::from(done.tenant),
                    role: done.role,
                    tenants: Some(done.memberships.into_iter().map(TenantEntry::from).collect()),
                });
                sealed::seal(&app.sealer, PURPOSE, answer)
            })
            .await
        })
        .await;
    app.db
        .system(async |connection| match &outcome {
            Ok(_) => backoff::succeed(connection, &attempt, now).await,
            Err(error) if error.code() == ErrorCode::InvalidSecondFactor => {
                backoff::fail(connection, &app, &attempt, Some(&user), context.trace, now).await
            }
            // The password was right, and nothing else was guessed.
            Err(_) => backoff::take_back(connection, &attempt).await,
        })
        .await?;
    let kept = outcome?;
    rehash::rehash_if_outdated(&app, &user, password, now).await?;
    sealed::open(&app.sealer, PURPOSE, kept)
}
