//! `POST /auth/totp/prove`.

use actix_web::web::Data;
use common::{UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::proof::under_backoff;
use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::store::sessions;
use crate::auth::usecases::totp::prove::{Proof, prove};
use crate::gate::{ClientAddress, Shown};

/// One of the two.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProveTotpRequest {
    /// A code of the authenticator.
    #[serde(default)]
    code: Option<String>,
    /// An unused recovery code.
    #[serde(default)]
    recovery_code: Option<String>,
}

impl Check for ProveTotpRequest {
    fn check(&self) -> Vec<Violation> {
        let one = Violation::new("code", "one_of", "exactly one of code and recoveryCode must be given");
        if self.code.is_some() == self.recovery_code.is_some() { vec![one] } else { Vec::new() }
    }
}

/// Shows the second factor in a session that was opened without it: by an invite, by an identity provider that asked for
/// none, or before there was one.
#[utoipa::path(
    post, path = "/api/v1/auth/totp/prove", tag = "auth", request_body = ProveTotpRequest,
    responses(
        (status = 200, description = "Shown; the session goes on as one that signed in with it"),
        (status = 401, description = "`invalid_second_factor`"),
        (status = 403, description = "`forbidden`: an API key has no second factor"),
        (status = 409, description = "`second_factor_not_enrolled`; `idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`: too many wrong codes"),
    )
)]
pub(crate) async fn prove_totp(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    address: ClientAddress,
    body: Body<ProveTotpRequest>,
) -> Result<Reply, ApiError> {
    let Credential::Session(session) = shown.0 else { return Err(ApiError::internal("a person without a session")) };
    let (user, now) = (UserId(caller.identity.principal.id()), caller.cause.at);
    let Body { content, idempotency } = body;
    let proof = match (&content.code, &content.recovery_code) {
        (Some(code), _) => Proof::Code(code),
        (None, recovery) => Proof::Recovery(recovery.as_deref().unwrap_or_default()),
    };
    let work = async {
        app.db
            .tenant(caller.tenant(), async |connection| {
                idempotent(connection, &caller, &idempotency, async |connection| {
                    prove(connection, &app, user, proof, now).await?;
                    sessions::pass_second_factor(connection, session, now).await?;
                    sessions::tell_changed(connection, session).await?;
                    Ok(Reply::ok(&()))
                })
                .await
            })
            .await
    };
    let reply = under_backoff(&app, &caller, address, work).await?;
    app.checker.forget_session(session);
    Ok(reply)
}
