//! `GET /records/{id}/attachments`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::FileResponse;
use crate::app::App;
use crate::store;

/// Lists the files of a record, oldest first, all of them.
#[utoipa::path(
    get, path = "/api/v1/records/{id}/attachments", tag = "files", operation_id = "list_attachments",
    params(("id" = RecordId, Path, description = "The record.")),
    responses(
        (status = 200, description = "Its files.", body = Vec<FileResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_attachments(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            if !store::blobs::has_record(connection, caller.tenant(), id).await? {
                return Err(ApiError::not_found("record"));
            }
            let files = store::files::of_record(connection, caller.tenant(), id).await?;
            let items: Vec<FileResponse> = files.into_iter().map(FileResponse::from).collect();
            Ok(Reply::page(common::page::Page { items, next_cursor: None }))
        })
        .await
}
