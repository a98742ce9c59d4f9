//! `DELETE /auth/api-keys/{id}`.

use actix_web::web::Data;
use common::ApiKeyId;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::auth::usecases::revoke_api_key;

/// Revokes an API key for good.
#[utoipa::path(
    delete, path = "/api/v1/auth/api-keys/{id}", tag = "auth", params(("id" = ApiKeyId, Path)),
    responses(
        (status = 200, description = "Revoked, here at once and on other replicas as soon as they hear of it, 5 seconds at most"),
        (status = 400, description = "`invalid_request`"),
        (status = 404, description = "`not_found`"),
    )
)]
pub(crate) async fn revoke_api_key(app: Data<App>, caller: Caller, id: Path<ApiKeyId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            revoke_api_key::revoke_api_key(connection, &app, &caller.cause, id.0).await
        })
        .await?;
    app.checker.forget_key(id.0);
    Ok(Reply::ok(&()))
}
