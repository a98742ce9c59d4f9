//! `POST /auth/logout`.

use actix_web::web::Data;
use common::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Reply};

use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::usecases::revoke_session::{Reason, RevokeSessionError, revoke_session};
use crate::gate::Shown;

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogoutRequest {}

impl Check for LogoutRequest {}

/// Ends the session at hand and those opened from it by `POST /auth/tenant`: its access token counts no more, nor does
/// its refresh token. A repeated call is answered like the first, with or without `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "auth",
    responses(
        (status = 200, description = "Signed out"),
        (status = 403, description = "`forbidden`: an API key has no session; revoke it instead"),
    )
)]
pub(crate) async fn logout(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    _body: Lenient<LogoutRequest>,
) -> Result<Reply, ApiError> {
    let Credential::Session(id) = shown.0 else { return Err(ApiError::internal("a person without a session")) };
    let user = UserId(caller.identity.principal.id());
    // What was opened from it may lie in other tenants.
    let ended = app
        .db
        .system(async |connection| revoke_session(connection, &app, &caller.cause, id, user, Reason::Logout).await)
        .await;
    match ended {
        Ok(ended) => {
            ended.into_iter().for_each(|session| app.checker.forget_session(session));
            Ok(Reply::ok(&()))
        }
        // Ended twice is ended.
        Err(RevokeSessionError::NotFound) => {
            app.checker.forget_session(id);
            Ok(Reply::ok(&()))
        }
        Err(error) => Err(error.into()),
    }
}
