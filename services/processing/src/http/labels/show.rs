//! `GET /labels/{id}`

use actix_web::web::Data;
use common::LabelId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::LabelResponse;
use crate::app::App;
use crate::store::labels;

/// Shows a label.
#[utoipa::path(
    get, path = "/api/v1/labels/{id}", tag = "labels", operation_id = "show_label",
    params(("id" = LabelId, Path, description = "The label.")),
    responses(
        (status = 200, description = "The label.", body = LabelResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_label(app: Data<App>, caller: Caller, Path(id): Path<LabelId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let label = labels::find(connection, caller.tenant(), id).await?;
            let label = label.ok_or_else(|| ApiError::not_found("label"))?;
            let version = label.version;
            Ok(Reply::ok(&LabelResponse::from(label)).version(version))
        })
        .await
}
