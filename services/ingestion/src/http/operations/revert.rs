//! `POST /operations/{id}/revert`

use actix_web::web::Data;
use common::OperationId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Lenient, Path, Reply};

use super::begin;
use crate::app::App;
use crate::http::records::archive::PlainAct;
use crate::http::records::bulk::StartedResponse;
use crate::usecases::revert_operation::revert_operation as revert;

/// Undoes an operation by another one: what it changed goes back to the state before. A record that a person has
/// changed since is left alone and listed as a conflict.
#[utoipa::path(
    post, path = "/api/v1/operations/{id}/revert", tag = "operations", operation_id = "revert_operation",
    params(("id" = OperationId, Path, description = "The operation.")),
    request_body = Option<PlainAct>,
    responses(
        (status = 202, description = "Begun, as an operation of its own.", body = StartedResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`conflict`: still running, undone before, or itself a revert", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn revert_operation(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<OperationId>,
    body: Lenient<PlainAct>,
) -> Result<Reply, ApiError> {
    begin(&app, &caller, &body.idempotency, async |connection| {
        let started = revert(connection, &app, &caller.cause, id).await?;
        Ok(Reply::accepted(&StartedResponse::from(started)))
    })
    .await
}
