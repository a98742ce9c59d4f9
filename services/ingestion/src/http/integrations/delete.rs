//! `DELETE /integrations/{id}`

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Path, Reply};

use super::IntegrationResponse;
use crate::app::App;
use crate::usecases::delete_integration::delete_integration as delete;

/// Removes a source. Its webhook answers 404 from then on; its deliveries and records stay.
#[utoipa::path(
    delete, path = "/api/v1/integrations/{id}", tag = "integrations", operation_id = "delete_integration",
    params(
        ("id" = IntegrationId, Path, description = "The integration."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    responses(
        (status = 200, description = "The source as it was.", body = IntegrationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn delete_integration(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    IfMatch(expected): IfMatch,
) -> Result<Reply, ApiError> {
    let integration = app
        .db
        .tenant(caller.tenant(), async |connection| delete(connection, &app, &caller.cause, (id, expected)).await)
        .await
        .map_err(ApiError::from)?;
    app.sources.forget(id).await;
    Ok(Reply::ok(&IntegrationResponse::new(&app, integration)))
}
