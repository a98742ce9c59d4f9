//! `DELETE /auth/sessions/{id}`.

use actix_web::web::Data;
use common::{SessionId, UserId};
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::auth::store::sessions;
use crate::auth::usecases::revoke_session::{self, Reason, RevokeSessionError};
use crate::gate::Confined;

/// Ends one of the caller's sessions, wherever it is, and those opened from it.
#[utoipa::path(
    delete, path = "/api/v1/auth/sessions/{id}", tag = "auth", params(("id" = SessionId, Path)),
    responses(
        (status = 200, description = "Ended, here at once and on other replicas as soon as they hear of it"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: an API key has no sessions"),
        (status = 404, description = "`not_found`: the caller has no such live session"),
    )
)]
pub(crate) async fn revoke_session(
    app: Data<App>,
    caller: Caller,
    confined: Confined,
    id: Path<SessionId>,
) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    // A person's sessions lie in several tenants.
    let ended = app
        .db
        .system(async |connection| {
            if confined.0 && !sessions::is_confined_to(connection, id.0, (caller.tenant(), user)).await? {
                return Err(RevokeSessionError::NotFound);
            }
            revoke_session::revoke_session(connection, &app, &caller.cause, id.0, user, Reason::Revoked).await
        })
        .await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    Ok(Reply::ok(&()))
}
