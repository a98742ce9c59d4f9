//! `GET /processing/runs/{id}`

use actix_web::web::Data;
use common::RunId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::RunResponse;
use crate::app::App;
use crate::store::runs;

/// Shows how far a run is; its counts are exact.
#[utoipa::path(
    get, path = "/api/v1/processing/runs/{id}", tag = "processing", operation_id = "show_run",
    params(("id" = RunId, Path, description = "The run.")),
    responses(
        (status = 200, description = "The run.", body = RunResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_run(app: Data<App>, caller: Caller, Path(id): Path<RunId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let run = runs::find(connection, caller.tenant(), id).await?.ok_or_else(|| ApiError::not_found("run"))?;
            Ok(Reply::ok(&RunResponse::from(run)))
        })
        .await
}
