//! `DELETE /auth/sessions`.

use actix_web::web::Data;
use common::UserId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Query, Reply};

use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::usecases::revoke_session;
use crate::gate::Shown;

/// Which sessions.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevokeQuery {
    /// Whether the session of this call goes on; it does when left out.
    keep_current: Option<bool>,
}

/// How many ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevokedSessions {
    /// Sessions that ended, in all of the caller's tenants.
    revoked: usize,
}

/// Ends the caller's sessions, wherever they are: all but the one of this call, or all.
#[utoipa::path(
    delete, path = "/api/v1/auth/sessions", tag = "auth", params(RevokeQuery),
    responses(
        (status = 200, body = RevokedSessions, description = "Ended, here at once and on other replicas as soon as they hear of it"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: an API key has no sessions"),
    )
)]
pub(crate) async fn revoke_sessions(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    query: Query<RevokeQuery>,
) -> Result<Reply, ApiError> {
    let kept = match shown.0 {
        Credential::Session(id) if query.0.keep_current.unwrap_or(true) => Some(id),
        Credential::Session(_) | Credential::ApiKey(_) => None,
    };
    let user = UserId(caller.identity.principal.id());
    // A person's sessions lie in several tenants.
    let ended = app
        .db
        .system(async |connection| revoke_session::revoke_sessions(connection, &app, &caller.cause, user, kept).await)
        .await?;
    let revoked = ended.len();
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    Ok(Reply::ok(&RevokedSessions { revoked }))
}
