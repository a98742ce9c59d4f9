//! `GET /processing/runs/{id}/outcomes`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::{RecordId, RunId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::domain::run::{RunItem, RunResult, RunState};
use crate::store::runs;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRunOutcomes {
    /// Only those that came to this.
    result: Option<RunResult>,
    /// Records on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// What came of a record, or in a dry run would come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RunOutcome)]
pub(crate) struct RunOutcomeResponse {
    record_id: RecordId,
    result: RunResult,
    /// Why nothing was done, where nothing was: `decided_by_person`, `decided_since`, `comes_out_otherwise`,
    /// `being_decided`, `label_is_gone` or `gone`.
    reason: Option<String>,
    /// What stood.
    before: Option<RunState>,
    /// What stands, or would.
    after: Option<RunState>,
}

impl From<RunItem> for RunOutcomeResponse {
    fn from(item: RunItem) -> Self {
        Self {
            record_id: item.record_id,
            result: item.result,
            reason: item.reason,
            before: item.before,
            after: item.after,
        }
    }
}

/// Lists the records of a run that had their turn, with before and after, in the order of their ids.
#[utoipa::path(
    get, path = "/api/v1/processing/runs/{id}/outcomes", tag = "processing", operation_id = "list_run_outcomes",
    params(("id" = RunId, Path, description = "The run."), ListRunOutcomes),
    responses(
        (status = 200, description = "A page of outcomes.", body = [RunOutcomeResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_run_outcomes(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RunId>,
    Query(query): Query<ListRunOutcomes>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let after: Option<RecordId> = decode_cursor(query.cursor.as_deref())?;
    let tenant = caller.tenant();
    app.db
        .tenant(tenant, async |connection| {
            runs::find(connection, tenant, id).await?.ok_or_else(|| ApiError::not_found("run"))?;
            let rows = runs::list_items(connection, tenant, id, query.result, after, i64::from(limit) + 1).await?;
            let page = Page::cut(rows, limit, |last: &RunItem| encode_cursor(&last.record_id));
            Ok(Reply::page(page.map(RunOutcomeResponse::from)))
        })
        .await
}
