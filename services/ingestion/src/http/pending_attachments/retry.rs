//! `POST /records/{id}/pending-attachments/retry`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::usecases::retry_attachments::retry_attachments;

/// Nothing is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoContent {}

impl Check for NoContent {}

/// How many files are tried again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetriedResponse {
    retried: u32,
}

/// Has the files of a record tried again that are not stored, those that were given up as well.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/pending-attachments/retry", tag = "files",
    operation_id = "retry_pending_attachments",
    params(("id" = RecordId, Path, description = "The record.")),
    responses(
        (status = 202, description = "They are tried as soon as there is time.", body = RetriedResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 422, description = "`validation_failed` or `idempotency_key_reused`", body = ErrorBody),
    )
)]
pub(crate) async fn retry_pending_attachments(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    body: Lenient<NoContent>,
) -> Result<Reply, ApiError> {
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let retried = retry_attachments(connection, &app, &caller.cause, id).await?;
                Ok(Reply::accepted(&RetriedResponse { retried }))
            })
            .await
        })
        .await?;
    app.attachments_wanted.notify_one();
    Ok(reply)
}
