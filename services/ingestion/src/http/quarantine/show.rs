//! `GET /integrations/{id}/quarantine`

use std::collections::BTreeMap;

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DateTime, IntegrationId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::domain::health::Suspicion;
use crate::store;

/// What is kept of a source's rejected deliveries, and what is not any more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuarantineResponse {
    /// How many are kept.
    deliveries: i64,
    /// What they count, each its body and 512 bytes more.
    bytes: i64,
    /// When the oldest came.
    oldest_at: Option<DateTime>,
    /// How many were rejected for each reason.
    reasons: BTreeMap<String, i64>,
    /// Who is likely behind those of the last day that did not verify.
    suspicion: Option<Suspicion>,
    /// For how many days they are kept; null for ever.
    keep_days: Option<u32>,
    /// Up to how many bytes are kept; the oldest go first. Null without bound.
    max_bytes: Option<u64>,
    /// What these bounds took away so far.
    removed: RemovedResponse,
}

/// What the bounds took away of a source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovedResponse {
    deliveries: i64,
    bytes: i64,
    last_at: Option<DateTime>,
}

/// Shows how much of a source's quarantine there is, why, and what was removed from it.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/quarantine", tag = "integrations", operation_id = "show_quarantine",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    responses(
        (status = 200, description = "What is in it.", body = QuarantineResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_quarantine(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
) -> Result<Reply, ApiError> {
    let of = (caller.tenant(), id);
    let now = app.clock.now();
    let (held, removed, observed) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let found = store::integrations::find(connection, of.0, of.1).await?;
            found.ok_or_else(|| ApiError::not_found("integration"))?;
            let held = store::quarantine_bounds::held(connection, of).await?;
            let removed = store::quarantine_bounds::removals(connection, of).await?;
            Ok::<_, ApiError>((held, removed, store::health::observed(connection, of).await?))
        })
        .await?;
    let bounds = &app.quarantine;
    Ok(Reply::ok(&QuarantineResponse {
        deliveries: held.iter().map(|row| row.deliveries).sum(),
        bytes: held.iter().map(|row| row.bytes).sum(),
        oldest_at: held.iter().map(|row| row.oldest_at).min(),
        reasons: held.into_iter().map(|row| (row.reason, row.deliveries)).collect(),
        suspicion: observed.receipts.suspicion(now),
        keep_days: Some(bounds.keep_days).filter(|days| *days > 0),
        max_bytes: Some(bounds.max_bytes).filter(|bytes| *bytes > 0),
        removed: RemovedResponse { deliveries: removed.deliveries, bytes: removed.bytes, last_at: removed.last_at },
    }))
}
