//! `GET /records/{id}`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::response::WholeRecordResponse;
use crate::app::App;
use crate::store;

/// Shows a record with its raw form and what its state rests on.
#[utoipa::path(
    get, path = "/api/v1/records/{id}", tag = "records", operation_id = "show_record",
    params(("id" = RecordId, Path, description = "The record.")),
    responses(
        (status = 200, description = "The record.", body = WholeRecordResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_record(app: Data<App>, caller: Caller, Path(id): Path<RecordId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let found = store::records::find(connection, caller.tenant(), id).await?;
            let row = found.ok_or_else(|| ApiError::not_found("record"))?;
            let raw = store::records::find_raw(connection, caller.tenant(), &row).await?;
            let files = store::files::of_record(connection, caller.tenant(), id).await?;
            let version = row.version;
            Ok(Reply::ok(&WholeRecordResponse::new(row, raw, files)).version(version))
        })
        .await
}
