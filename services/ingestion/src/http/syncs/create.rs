//! `POST /integrations/{id}/sync`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{IntegrationId, SyncRunId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::http::oauth::disconnect::NoContent;
use crate::usecases::request_sync::request_sync;

/// A pull that will begin within a moment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueuedSyncResponse {
    id: SyncRunId,
    /// `queued`.
    status: &'static str,
}

/// Queues a pull of a source now; otherwise it is pulled at its interval.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/sync", tag = "integrations", operation_id = "sync_integration",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    responses(
        (status = 202, description = "Queued; see `GET …/syncs`.", body = QueuedSyncResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`sync_running`, `not_connected`, `integration_paused` or `not_oauth`",
         body = ErrorBody),
    )
)]
pub(crate) async fn sync_integration(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    body: Lenient<NoContent>,
) -> Result<Reply, ApiError> {
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let id = request_sync(connection, &app, &caller.cause, id).await?;
                Ok(Reply::accepted(&QueuedSyncResponse { id, status: "queued" }))
            })
            .await
        })
        .await?;
    app.sync_requested.notify_one();
    Ok(reply)
}
