//! `DELETE /auth/totp`.

use actix_web::web::Data;
use common::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};
use zeroize::Zeroizing;

use super::proof::check_password;
use crate::app::App;
use crate::auth::usecases::totp::remove;
use crate::gate::ClientAddress;

/// Who removes it shows their password, besides being in a session that showed the second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveTotpRequest {
    /// The account's password.
    password: String,
}

impl Check for RemoveTotpRequest {}

/// Takes the second factor away.
#[utoipa::path(
    delete, path = "/api/v1/auth/totp", tag = "auth", request_body = RemoveTotpRequest,
    responses(
        (status = 200, description = "Removed, with its recovery codes"),
        (status = 401, description = "`invalid_credentials`: another password"),
        (status = 403, description = "`forbidden`: an API key has no second factor; with the reason \
            `confined_session`, the tenant's identity provider opened this session"),
        (status = 409, description = "`second_factor_not_enrolled`"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`: too many wrong passwords"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn remove_totp(
    app: Data<App>,
    caller: Caller,
    address: ClientAddress,
    body: Body<RemoveTotpRequest>,
) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    check_password(&app, &caller, address, Zeroizing::new(body.content.password)).await?;
    // Sessions of all of the person's tenants are touched.
    app.db.system(async |connection| remove::remove(connection, &app, &caller.cause, user).await).await?;
    app.checker.forget_user(user);
    Ok(Reply::ok(&()))
}
