//! `DELETE /auth/identities/{id}`.

use actix_web::web::Data;
use common::{SignInIdentityId, UserId};
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::auth::store::sign_in_identities::Whose;
use crate::auth::usecases::sign_in::unlink::unlink;
use crate::gate::Confined;

/// Unlinks the caller's account from who they are at a tenant's identity provider, and ends the sessions that were opened
/// there. The last way to sign in stays.
#[utoipa::path(
    delete, path = "/api/v1/auth/identities/{id}", tag = "auth", params(("id" = SignInIdentityId, Path)),
    responses(
        (status = 200, description = "Unlinked"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: an API key is nobody there"),
        (status = 404, description = "`not_found`: the caller has no such identity"),
        (status = 409, description = "`last_sign_in`: the account has no password and no other identity"),
    )
)]
pub(crate) async fn unlink_identity(
    app: Data<App>,
    caller: Caller,
    confined: Confined,
    id: Path<SignInIdentityId>,
) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    let whose = Whose { user, tenant: confined.0.then(|| caller.tenant()) };
    // A person's identities lie in several tenants.
    let ended = app.db.system(async |connection| unlink(connection, &app, &caller.cause, whose, id.0).await).await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    Ok(Reply::ok(&()))
}
