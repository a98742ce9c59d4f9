//! `DELETE /tenants/current/members/{id}/identities/{identityId}`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::{SignInIdentityId, UserId};
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::auth::store::sign_in_identities::Whose;
use crate::auth::usecases::sign_in::unlink::{confirm_over_member, unlink};

/// Unlinks a member from who they are at the tenant's identity provider, and ends the sessions that were opened there.
/// They stay a member, and can link themselves again. Their last way to sign in stays.
#[utoipa::path(
    delete, path = "/api/v1/tenants/current/members/{id}/identities/{identityId}", tag = "tenants",
    params(("id" = UserId, Path), ("identityId" = SignInIdentityId, Path)),
    responses(
        (status = 200, description = "Unlinked"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: `owners:write` is needed for an owner's"),
        (status = 404, description = "`not_found`: no such member, or they have no such identity here"),
        (status = 409, description = "`last_sign_in`: the account has no password and no other identity"),
    )
)]
pub(crate) async fn unlink_member_identity(
    app: Data<App>,
    caller: Caller,
    user: Path<UserId>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let user = user.0;
    let id = request.match_info().get("identityId").and_then(|id| id.parse::<SignInIdentityId>().ok());
    let malformed = || ApiError::invalid_request("The identity's id in the path is not a UUID.");
    let id = id.ok_or_else(|| malformed().with("field", "identityId"))?;
    let whose = Whose { user, tenant: Some(caller.tenant()) };
    // Whether it is their last way in is asked of all of their tenants.
    let ended = app
        .db
        .system(async |connection| {
            confirm_over_member(connection, &caller.identity, user).await?;
            unlink(connection, &app, &caller.cause, whose, id).await
        })
        .await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    Ok(Reply::ok(&()))
}
