//! `POST /auth/totp`.

use actix_web::web::Data;
use common::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};
use zeroize::Zeroizing;

use super::kept;
use super::proof::check_password;
use crate::app::App;
use crate::auth::usecases::totp::enrol;
use crate::gate::ClientAddress;

/// Who enrols shows their password: who finds an open session must not lock its person out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolTotpRequest {
    /// The account's password.
    password: String,
}

impl Check for EnrolTotpRequest {}

/// What an authenticator needs, shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotpEnrolment {
    /// The secret, to be typed in.
    secret: String,
    /// The same as a URI, to be shown as a QR code.
    otpauth_uri: String,
}

/// Begins to enrol a second factor. It counts once `POST /auth/totp/confirm` got a code.
#[utoipa::path(
    post, path = "/api/v1/auth/totp", tag = "auth", request_body = EnrolTotpRequest,
    responses(
        (status = 201, body = TotpEnrolment, description = "What an authenticator needs; never shown again"),
        (status = 401, description = "`invalid_credentials`: another password"),
        (status = 403, description = "`forbidden`: an API key has no second factor; with the reason \
            `confined_session`, the tenant's identity provider opened this session"),
        (status = 409, description = "`second_factor_enrolled`"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`: too many wrong passwords"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn enrol_totp(
    app: Data<App>,
    caller: Caller,
    address: ClientAddress,
    body: Body<EnrolTotpRequest>,
) -> Result<Reply, ApiError> {
    let (user, now) = (UserId(caller.identity.principal.id()), caller.cause.at);
    let idempotency = app.answer_key.blind(body.idempotency);
    check_password(&app, &caller, address, Zeroizing::new(body.content.password)).await?;
    let sealed = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let secret = enrol::enrol(connection, &app, user, now).await?;
                let uri = secret.uri(&caller.identity.display_name).to_string();
                let answer = TotpEnrolment { secret: secret.base32().to_string(), otpauth_uri: uri };
                kept::seal(&app.sealer, user, Reply::created(&answer))
            })
            .await
        })
        .await?;
    kept::open(&app.sealer, user, sealed)
}
