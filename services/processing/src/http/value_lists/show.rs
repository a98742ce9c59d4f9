//! `GET /value-lists/{id}`

use actix_web::web::Data;
use common::ValueListId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::ValueListResponse;
use crate::app::App;
use crate::store::value_lists;

/// Shows a value list.
#[utoipa::path(
    get, path = "/api/v1/value-lists/{id}", tag = "rules", operation_id = "show_value_list",
    params(("id" = ValueListId, Path, description = "The value list.")),
    responses(
        (status = 200, description = "The value list.", body = ValueListResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_value_list(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<ValueListId>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let list = value_lists::find(connection, caller.tenant(), id).await?;
            let list = list.ok_or_else(|| ApiError::not_found("value list"))?;
            let version = list.version;
            Ok(Reply::ok(&ValueListResponse::from(list)).version(version))
        })
        .await
}
