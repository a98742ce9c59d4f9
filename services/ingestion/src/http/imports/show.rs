//! `GET /records/imports/{id}`

use actix_web::web::Data;
use common::ImportId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::ImportResponse;
use crate::app::App;
use crate::store;

/// Shows how far an import is.
#[utoipa::path(
    get, path = "/api/v1/records/imports/{id}", tag = "records", operation_id = "show_import",
    params(("id" = ImportId, Path, description = "The import.")),
    responses(
        (status = 200, description = "The import.", body = ImportResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_import(app: Data<App>, caller: Caller, Path(id): Path<ImportId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let found = store::imports::find(connection, caller.tenant(), id).await?;
            let import = found.ok_or_else(|| ApiError::not_found("import"))?;
            Ok(Reply::ok(&ImportResponse::from(import)))
        })
        .await
}
