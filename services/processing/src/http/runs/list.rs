//! `GET /processing/runs`

use actix_web::web::Data;
use common::RunId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::RunResponse;
use crate::app::App;
use crate::domain::run::Run;
use crate::store::runs;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRuns {
    /// Runs on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the tenant's runs, newest first.
#[utoipa::path(
    get, path = "/api/v1/processing/runs", tag = "processing", operation_id = "list_runs",
    params(ListRuns),
    responses(
        (status = 200, description = "A page of runs.", body = [RunResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_runs(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListRuns>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<RunId> = decode_cursor(query.cursor.as_deref())?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            let rows = runs::list(connection, caller.tenant(), before, i64::from(limit) + 1).await?;
            let page = Page::cut(rows, limit, |last: &Run| encode_cursor(&last.id));
            Ok(Reply::page(page.map(RunResponse::from)))
        })
        .await
}
