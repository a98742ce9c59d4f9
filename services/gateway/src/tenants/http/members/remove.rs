//! `DELETE /tenants/current/members/{id}`.

use actix_web::web::Data;
use common::UserId;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::tenants::usecases::remove_member;

/// Ends a membership and the member's sessions in the tenant. Their API keys stay: they are the tenant's.
#[utoipa::path(
    delete, path = "/api/v1/tenants/current/members/{id}", tag = "tenants", params(("id" = UserId, Path)),
    responses(
        (status = 200, description = "Removed; everywhere within 30 seconds"),
        (status = 400, description = "`invalid_request`"),
        (status = 403, description = "`forbidden`: `owners:write` is needed"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`last_owner`"),
    )
)]
pub(crate) async fn remove_member(app: Data<App>, caller: Caller, id: Path<UserId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            remove_member::remove_member(connection, &app, &caller.identity, &caller.cause, id.0).await
        })
        .await?;
    app.checker.forget_member(caller.tenant(), id.0);
    Ok(Reply::ok(&()))
}
