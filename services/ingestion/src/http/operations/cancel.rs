//! `POST /operations/{id}/cancel`

use actix_web::web::Data;
use common::OperationId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Lenient, Path, Reply, idempotent};

use super::OperationResponse;
use crate::app::App;
use crate::http::records::archive::PlainAct;
use crate::usecases::cancel_operation::cancel_operation as cancel;

/// Cancels an operation: nothing more is begun. What was done stays, and is listed; it can be reverted.
#[utoipa::path(
    post, path = "/api/v1/operations/{id}/cancel", tag = "operations", operation_id = "cancel_operation",
    params(("id" = OperationId, Path, description = "The operation.")),
    request_body = Option<PlainAct>,
    responses(
        (status = 200, description = "The operation: cancelled, or about to be.", body = OperationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`conflict`: it is complete", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_operation(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<OperationId>,
    body: Lenient<PlainAct>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let operation = cancel(connection, &app, &caller.cause, id).await?;
                Ok(Reply::ok(&OperationResponse::from(operation)))
            })
            .await
        })
        .await
}
