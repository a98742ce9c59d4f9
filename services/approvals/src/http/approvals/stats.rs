//! `GET /approvals/stats`

use actix_web::web::Data;
use chrono::NaiveTime;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Reply};

use crate::app::App;
use crate::store::stats;

/// How the queue stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalStats {
    /// Questions that wait for an answer.
    pending: i64,
    /// Age of the oldest of them; null when none waits.
    oldest_seconds: Option<i64>,
    /// Answers since midnight UTC.
    decided_today: i64,
    /// Share of overrides among those, 0 to 1; null when there are none.
    override_rate: Option<f64>,
}

/// Count what waits and what was decided today.
#[utoipa::path(
    get, path = "/api/v1/approvals/stats", operation_id = "get_approval_stats", tag = "approvals",
    responses((status = 200, description = "How the queue stands, and what was done today.", body = ApprovalStats)),
)]
pub(crate) async fn get_approval_stats(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let counts = app.db.tenant(tenant, async |connection| stats::count(connection, tenant, midnight).await).await?;
    Ok(Reply::ok(&ApprovalStats {
        pending: counts.pending,
        oldest_seconds: counts.oldest.map(|oldest| (now - oldest).num_seconds().max(0)),
        decided_today: counts.decided,
        override_rate: share(counts.overridden, counts.decided),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "a day's answers are far below 2^53")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
