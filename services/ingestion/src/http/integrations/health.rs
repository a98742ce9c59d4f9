//! `GET /integrations/{id}/health`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DateTime, DeliveryId, IntegrationId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::domain::health::{HealthStatus, alarm, status};
use crate::store::health as store;

/// How a source does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationHealthResponse {
    status: HealthStatus,
    /// When something last came, believed or not.
    last_delivery_at: Option<DateTime>,
    /// When what came last made a record.
    last_accepted_at: Option<DateTime>,
    /// The last receipt that was rejected.
    last_error: Option<LastErrorResponse>,
    last24h: LastDayResponse,
}

/// A rejected receipt; the receipt itself has a diagnosis.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastErrorResponse {
    delivery_id: DeliveryId,
    reason: Option<String>,
    at: DateTime,
}

/// Counts of the last 24 hours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastDayResponse {
    /// Receipts that made a record, the held ones too.
    accepted: i64,
    /// Receipts that repeated one.
    duplicate: i64,
    /// Receipts that were not believed or not readable.
    rejected: i64,
    /// Records of the source that could not be processed.
    failed: i64,
}

/// Shows how a source does, judged by its own last receipts.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/health", tag = "integrations", operation_id = "show_integration_health",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    responses(
        (status = 200, description = "How it does.", body = IntegrationHealthResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_integration_health(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
) -> Result<Reply, ApiError> {
    let of = (caller.tenant(), id);
    let now = app.clock.now();
    let response = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let before = store::alarm(connection, of).await?.ok_or_else(|| ApiError::not_found("integration"))?;
            let seen = store::seen(connection, of).await?;
            let last_accepted_at = store::last_accepted(connection, of).await?;
            let last_error = store::last_error(connection, of).await?;
            let day = store::last_day(connection, of, now).await?;
            Ok::<_, ApiError>(IntegrationHealthResponse {
                status: status(&seen, alarm(&seen, before, now), day.failed, now),
                last_delivery_at: seen.first().map(|seen| seen.at),
                last_accepted_at,
                last_error: last_error.map(|error| LastErrorResponse {
                    delivery_id: DeliveryId(error.delivery_id),
                    reason: error.reason,
                    at: error.at,
                }),
                last24h: LastDayResponse {
                    accepted: day.accepted,
                    duplicate: day.duplicate,
                    rejected: day.rejected,
                    failed: day.failed,
                },
            })
        })
        .await?;
    Ok(Reply::ok(&response))
}
