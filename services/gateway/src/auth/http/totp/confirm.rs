//! `POST /auth/totp/confirm`.

use actix_web::web::Data;
use common::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::kept;
use super::proof::RecoveryCodes;
use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::usecases::totp::confirm;
use crate::gate::Shown;

/// The first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmTotpRequest {
    /// What the authenticator shows.
    code: String,
}

impl Check for ConfirmTotpRequest {}

/// Completes the enrolment of a second factor: every sign-in asks for a code from now on.
#[utoipa::path(
    post, path = "/api/v1/auth/totp/confirm", tag = "auth", request_body = ConfirmTotpRequest,
    responses(
        (status = 200, body = RecoveryCodes, description = "Enrolled; the recovery codes are never shown again"),
        (status = 401, description = "`invalid_second_factor`"),
        (status = 403, description = "`forbidden`: an API key has no second factor"),
        (status = 409, description = "`second_factor_enrolled`, or `second_factor_not_enrolled`: none was begun"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn confirm_totp(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    body: Body<ConfirmTotpRequest>,
) -> Result<Reply, ApiError> {
    let Credential::Session(session) = shown.0 else { return Err(ApiError::internal("a person without a session")) };
    let user = UserId(caller.identity.principal.id());
    let sealed = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let code = &body.content.code;
                let codes = confirm::confirm(connection, &app, &caller.cause, user, session, code).await?;
                kept::seal(&app.sealer, user, Reply::ok(&RecoveryCodes::new(&codes)))
            })
            .await
        })
        .await?;
    app.checker.forget_user(user);
    kept::open(&app.sealer, user, sealed)
}
