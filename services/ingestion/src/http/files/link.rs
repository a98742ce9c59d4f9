//! `POST /records/{id}/attachments`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{FileId, RecordId};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Path, Reply, idempotent};

use super::FileResponse;
use crate::app::App;
use crate::usecases::link_file::link_file as link;

/// The file to link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LinkFile {
    file_id: FileId,
}

impl Check for LinkFile {}

/// Links a stored file to a record.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/attachments", tag = "files", operation_id = "link_file",
    params(("id" = RecordId, Path, description = "The record.")),
    request_body = LinkFile,
    responses(
        (status = 200, description = "The file, linked.", body = FileResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`conflict`: it belongs to another record.", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
        (status = 422, description = "`validation_failed` or `idempotency_key_reused`", body = ErrorBody),
    )
)]
pub(crate) async fn link_file(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    body: Body<LinkFile>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let file = link(connection, &app, &caller.cause, (id, body.content.file_id)).await?;
                Ok(Reply::ok(&FileResponse::from(file)))
            })
            .await
        })
        .await
}
