//! `GET /integrations/{id}/health`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DateTime, DeliveryId, IntegrationId, SyncRunId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::domain::health::{HealthStatus, PullSeen, Suspicion};
use crate::domain::oauth::ConnectionStatus;
use crate::store::health::{self as store, LastError};
use crate::store::pull_health::{self, PullError};

/// How a source does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationHealthResponse {
    status: HealthStatus,
    /// When something last came, believed or not.
    last_delivery_at: Option<DateTime>,
    /// When what came last made a record.
    last_accepted_at: Option<DateTime>,
    /// The last receipt that was rejected; of a source that is pulled, the last pull that did not go well.
    last_error: Option<LastErrorResponse>,
    /// Who is likely behind what did not verify within the last day: `forged` by somebody who knows the address, or
    /// sent by the source with the `wrong_secret`. Null when everything verified.
    suspicion: Option<Suspicion>,
    /// How its pulls stand; null for a source that only delivers, or was never connected.
    sync: Option<SyncHealthResponse>,
    last24h: LastDayResponse,
}

/// What last went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastErrorResponse {
    /// The rejected receipt, which has a diagnosis.
    delivery_id: Option<DeliveryId>,
    /// The pull.
    sync_id: Option<SyncRunId>,
    /// Why the receipt was rejected, or what went wrong in the pull.
    reason: Option<String>,
    at: DateTime,
}

/// How the pulls of a source stand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncHealthResponse {
    connection: ConnectionStatus,
    last_completed_at: Option<DateTime>,
    /// When the next pull is due, or the one under way goes on.
    due_at: DateTime,
    /// Pulls in a row that were given up; three and more are not told apart.
    given_up: usize,
    /// Failures in a row of the pull under way.
    failures: i32,
}

impl From<PullSeen> for SyncHealthResponse {
    fn from(pull: PullSeen) -> Self {
        Self {
            connection: pull.connection,
            last_completed_at: pull.last_completed_at,
            due_at: pull.due_at,
            given_up: pull.given_up(),
            failures: pull.failures,
        }
    }
}

impl From<LastError> for LastErrorResponse {
    fn from(error: LastError) -> Self {
        let delivery_id = Some(DeliveryId(error.delivery_id));
        Self { delivery_id, sync_id: None, reason: error.reason, at: error.at }
    }
}

impl From<PullError> for LastErrorResponse {
    fn from(error: PullError) -> Self {
        Self { delivery_id: None, sync_id: Some(error.run_id()), reason: Some(error.error), at: error.at }
    }
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

/// Shows how a source does, judged by its own last receipts or pulls.
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
            let observed = store::observed(connection, of).await?;
            let last_accepted_at = store::last_accepted(connection, of).await?;
            let last_error = match &observed.pull {
                Some(_) => pull_health::last_error(connection, of).await?.map(LastErrorResponse::from),
                None => store::last_error(connection, of).await?.map(LastErrorResponse::from),
            };
            let day = store::last_day(connection, of, now).await?;
            Ok::<_, ApiError>(IntegrationHealthResponse {
                status: observed.status(observed.alarm(before, now), day.failed, now),
                last_delivery_at: observed.receipts.seen.first().map(|seen| seen.at),
                last_accepted_at,
                last_error,
                suspicion: observed.receipts.suspicion(now),
                sync: observed.pull.map(SyncHealthResponse::from),
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
