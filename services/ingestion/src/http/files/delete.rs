//! `DELETE /files/{id}`

use actix_web::web::Data;
use common::FileId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::FileResponse;
use crate::app::App;
use crate::usecases::delete_file::delete_file as delete;

/// Deletes a file. Another file with the same content keeps it.
#[utoipa::path(
    delete, path = "/api/v1/files/{id}", tag = "files", operation_id = "delete_file",
    params(("id" = FileId, Path, description = "The file.")),
    responses(
        (status = 200, description = "The file as it was.", body = FileResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn delete_file(app: Data<App>, caller: Caller, Path(id): Path<FileId>) -> Result<Reply, ApiError> {
    let file = app
        .db
        .tenant(caller.tenant(), async |connection| delete(connection, &app, &caller.cause, id).await)
        .await
        .map_err(ApiError::from)?;
    app.unused_blobs.notify_one();
    Ok(Reply::ok(&FileResponse::from(file)))
}
