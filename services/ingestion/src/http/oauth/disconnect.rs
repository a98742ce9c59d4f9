//! `POST /integrations/{id}/oauth/disconnect`

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use super::ConnectionResponse;
use crate::app::App;
use crate::usecases::disconnect_integration::disconnect_integration as disconnect;

/// Nothing is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoContent {}

impl Check for NoContent {}

/// Throws a source's tokens away. Its records stay; a new authorisation goes on where the last pull stopped.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/oauth/disconnect", tag = "integrations",
    operation_id = "disconnect_integration",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    responses(
        (status = 200, description = "Disconnected.", body = ConnectionResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`not_oauth`", body = ErrorBody),
    )
)]
pub(crate) async fn disconnect_integration(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    body: Lenient<NoContent>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                disconnect(connection, &app, &caller.cause, id).await?;
                Ok(Reply::ok(&ConnectionResponse::never()))
            })
            .await
        })
        .await
}
