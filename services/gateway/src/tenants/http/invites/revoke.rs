//! `DELETE /tenants/current/invites/{id}`.

use actix_web::web::Data;
use common::InviteId;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::tenants::usecases::revoke_invite;

/// Takes an open invite back: its link is worth nothing from now on.
#[utoipa::path(
    delete, path = "/api/v1/tenants/current/invites/{id}", tag = "tenants", params(("id" = InviteId, Path)),
    responses(
        (status = 200, description = "Taken back"),
        (status = 400, description = "`invalid_request`"),
        (status = 404, description = "`not_found`: the tenant has no such open invite"),
    )
)]
pub(crate) async fn revoke_invite(app: Data<App>, caller: Caller, id: Path<InviteId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            revoke_invite::revoke_invite(connection, &app, &caller.identity, &caller.cause, id.0).await
        })
        .await?;
    Ok(Reply::ok(&()))
}
