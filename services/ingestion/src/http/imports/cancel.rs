//! `POST /records/imports/{id}/cancel`

use actix_web::web::Data;
use common::ImportId;
use common::error_code::ErrorBody;
use serde::Deserialize;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use super::ImportResponse;
use crate::app::App;
use crate::usecases::end_import::cancel_import as cancel;

/// Nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelImport {}

impl Check for CancelImport {}

/// Cancels an import. The records that it has taken in stay.
#[utoipa::path(
    post, path = "/api/v1/records/imports/{id}/cancel", tag = "records", operation_id = "cancel_import",
    params(("id" = ImportId, Path, description = "The import.")),
    responses(
        (status = 200, description = "The import, ended.", body = ImportResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`conflict`: it has ended otherwise.", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
        (status = 422, description = "`validation_failed` or `idempotency_key_reused`", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_import(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<ImportId>,
    body: Lenient<CancelImport>,
) -> Result<Reply, ApiError> {
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let import = cancel(connection, &app, &caller.cause, id).await?;
                Ok(Reply::ok(&ImportResponse::from(import)))
            })
            .await
        })
        .await?;
    app.unused_blobs.notify_one();
    Ok(reply)
}
