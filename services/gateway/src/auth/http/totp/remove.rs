//! `DELETE /auth/totp`.

use actix_web::web::Data;
use common::UserId;
use web::{ApiError, Body, Caller, Reply};

use super::proof::{self, ProofRequest};
use crate::app::App;
use crate::auth::usecases::totp::remove;
use crate::gate::ClientAddress;

/// Takes the second factor away.
#[utoipa::path(
    delete, path = "/api/v1/auth/totp", tag = "auth", request_body = ProofRequest,
    responses(
        (status = 200, description = "Removed, with its recovery codes"),
        (status = 401, description = "`invalid_second_factor` or `invalid_credentials`"),
        (status = 403, description = "`forbidden`: an API key has no second factor"),
        (status = 409, description = "`second_factor_not_enrolled`"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn remove_totp(
    app: Data<App>,
    caller: Caller,
    address: ClientAddress,
    body: Body<ProofRequest>,
) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    proof::check(&app, &caller, address, body.content).await?;
    // Sessions of all of the person's tenants are touched.
    app.db.system(async |connection| remove::remove(connection, &app, &caller.cause, user).await).await?;
    app.checker.forget_user(user);
    Ok(Reply::ok(&()))
}
