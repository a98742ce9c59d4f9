//! `DELETE /records/{id}/attachments/{fileId}`

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{FileId, RecordId};
use web::{ApiError, Caller, Path, Reply};

use super::FileResponse;
use crate::app::App;
use crate::usecases::link_file::unlink_file as unlink;

/// Lets go of a record's file, which stays.
#[utoipa::path(
    delete, path = "/api/v1/records/{id}/attachments/{fileId}", tag = "files", operation_id = "unlink_file",
    params(
        ("id" = RecordId, Path, description = "The record."),
        ("fileId" = FileId, Path, description = "The file."),
    ),
    responses(
        (status = 200, description = "The file, free.", body = FileResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn unlink_file(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    request: HttpRequest,
) -> Result<Reply, ApiError> {
    let file = request.match_info().get("fileId").and_then(|id| id.parse::<FileId>().ok());
    let file = file
        .ok_or_else(|| ApiError::invalid_request("The file's id in the path is not a UUID.").with("field", "fileId"))?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            let file = unlink(connection, &app, &caller.cause, (id, file)).await?;
            Ok(Reply::ok(&FileResponse::from(file)))
        })
        .await
}
