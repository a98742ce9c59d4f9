//! `DELETE /tenants/current/sign-in`.

use actix_web::web::Data;
use web::{ApiError, Caller, Reply};

use crate::app::App;
use crate::auth::usecases::sign_in::remove;

/// Takes the tenant's identity provider away, and ends the sessions that it opened. Its people stay members; who has no
/// password asks for a link that sets one.
#[utoipa::path(
    delete, path = "/api/v1/tenants/current/sign-in", tag = "tenants",
    responses(
        (status = 200, description = "Removed"),
        (status = 404, description = "`not_found`: the tenant has none"),
    )
)]
pub(crate) async fn remove_sign_in(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let ended = app
        .db
        .tenant(tenant, async |connection| remove::remove(connection, &app, &caller.identity, &caller.cause).await)
        .await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    app.checker.forget_tenant(tenant);
    Ok(Reply::ok(&()))
}
