//! `POST /processing/runs/{id}/cancel`

use actix_web::web::Data;
use common::RunId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Lenient, Path, Reply, idempotent};

use super::RunResponse;
use crate::app::App;
use crate::http::given::Nothing;
use crate::usecases;

/// Cancels a run: no further record has its turn. What was done stays, and is listed.
#[utoipa::path(
    post, path = "/api/v1/processing/runs/{id}/cancel", tag = "processing", operation_id = "cancel_run",
    params(("id" = RunId, Path, description = "The run.")),
    responses(
        (status = 200, description = "The run, cancelled.", body = RunResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`conflict`: it came to its end", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_run(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RunId>,
    body: Lenient<Nothing>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let run = usecases::cancel_run::cancel_run(connection, &app, &caller.cause, id).await?;
                Ok(Reply::ok(&RunResponse::from(run)))
            })
            .await
        })
        .await
}
