//! `DELETE /value-lists/{id}`

use actix_web::web::Data;
use common::ValueListId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Path, Reply};

use super::ValueListResponse;
use crate::app::App;
use crate::usecases;

/// Deletes a value list that no rule refers to.
#[utoipa::path(
    delete, path = "/api/v1/value-lists/{id}", tag = "rules", operation_id = "delete_value_list",
    params(
        ("id" = ValueListId, Path, description = "The value list."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    responses(
        (status = 200, description = "The value list as it was.", body = ValueListResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`list_in_use`; the context names the rules.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn delete_value_list(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<ValueListId>,
    IfMatch(expected): IfMatch,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let list =
                usecases::delete_value_list::delete_value_list(connection, &app, &caller.cause, id, expected).await?;
            Ok(Reply::ok(&ValueListResponse::from(list)))
        })
        .await
}
