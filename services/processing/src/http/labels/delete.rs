//! `DELETE /labels/{id}`

use actix_web::web::Data;
use common::LabelId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Path, Reply};

use super::LabelResponse;
use crate::app::App;
use crate::usecases;

/// Deletes a label that neither a rule nor a current decision uses.
#[utoipa::path(
    delete, path = "/api/v1/labels/{id}", tag = "labels", operation_id = "delete_label",
    params(
        ("id" = LabelId, Path, description = "The label."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    responses(
        (status = 200, description = "The label as it was.", body = LabelResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`label_in_use`; the context says by what.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn delete_label(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<LabelId>,
    IfMatch(expected): IfMatch,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let label = usecases::delete_label::delete_label(connection, &app, &caller.cause, id, expected).await?;
            Ok(Reply::ok(&LabelResponse::from(label)))
        })
        .await
}
