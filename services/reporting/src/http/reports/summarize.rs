//! `GET /reports/summary`: what came in, who decided it, how fast, and what waits.

mod response;

pub(crate) use response::SummaryResponse;

use actix_web::web::Data;
use common::DateTime;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply};

use crate::app::App;
use crate::domain::{Interval, Period};
use crate::http::time::within_reason;
use crate::usecases;

/// Over which period, in which steps.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummarizeQuery {
    /// The beginning; counted from the hour that it is in. By default 30 days before `to`.
    from: Option<DateTime>,
    /// The end; counted through the hour that it is in. By default now.
    to: Option<DateTime>,
    /// The steps of `series`, in UTC.
    #[param(default = "day")]
    interval: Option<Interval>,
}

/// Sums up a period. Figures count what happened in it; `backlog` is of now.
#[utoipa::path(
    get,
    path = "/api/v1/reports/summary",
    tag = "reports",
    params(SummarizeQuery),
    responses(
        (status = 200, description = "The figures", body = SummaryResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 401, description = "`unauthenticated`", body = ErrorBody),
        (status = 403, description = "`forbidden`", body = ErrorBody),
        (status = 405, description = "`method_not_allowed`", body = ErrorBody),
    )
)]
pub(crate) async fn summarize_reports(
    app: Data<App>,
    caller: Caller,
    query: Query<SummarizeQuery>,
) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let (from, to) = (within_reason("from", query.0.from)?, within_reason("to", query.0.to)?);
    let period = Period::new(from, to, query.0.interval.unwrap_or_default(), app.clock.now())?;
    let report = app
        .db
        .tenant(tenant, async |conn| usecases::summarize(conn, tenant, &period).await)
        .await
        .map_err(ApiError::from)?;
    Ok(Reply::ok(&SummaryResponse::new(&period, report)))
}
