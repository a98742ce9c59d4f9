//! `GET /files/{id}`

use actix_web::web::Data;
use common::FileId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::FileResponse;
use crate::app::App;
use crate::store;

/// Shows what is known of a file.
#[utoipa::path(
    get, path = "/api/v1/files/{id}", tag = "files", operation_id = "show_file",
    params(("id" = FileId, Path, description = "The file.")),
    responses(
        (status = 200, description = "The file.", body = FileResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_file(app: Data<App>, caller: Caller, Path(id): Path<FileId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let found = store::files::find(connection, caller.tenant(), id).await?;
            let file = found.ok_or_else(|| ApiError::not_found("file"))?;
            Ok(Reply::ok(&FileResponse::from(file)))
        })
        .await
}
