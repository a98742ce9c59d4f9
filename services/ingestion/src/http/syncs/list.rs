//! `GET /integrations/{id}/syncs`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::{DateTime, IntegrationId, SyncRunId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::store;
use crate::store::pulls::SyncRunRow;

/// Which page of runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSyncs {
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// One pull.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncResponse {
    id: SyncRunId,
    /// `schedule`, `request` or `connection`.
    cause: String,
    /// `queued`, `running`, `completed`, `failed` or `stopped`.
    status: String,
    /// Pages stored so far.
    pages: i32,
    /// Records made of them.
    records: i32,
    /// Items that had made a record before.
    duplicates: i32,
    /// Why it ended, or what it waits out before it goes on.
    error: Option<String>,
    created_at: DateTime,
    started_at: Option<DateTime>,
    finished_at: Option<DateTime>,
}

impl From<SyncRunRow> for SyncResponse {
    fn from(row: SyncRunRow) -> Self {
        Self {
            id: SyncRunId(row.id),
            cause: row.cause,
            status: row.status,
            pages: row.pages,
            records: row.records,
            duplicates: row.duplicates,
            error: row.error,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// Lists a source's pulls, newest first.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/syncs", tag = "integrations", operation_id = "list_syncs",
    params(("id" = IntegrationId, Path, description = "The integration."), ListSyncs),
    responses(
        (status = 200, description = "A page of pulls.", body = Vec<SyncResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_syncs(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Query(query): Query<ListSyncs>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<SyncRunId> = decode_cursor(query.cursor.as_deref())?;
    let of = (caller.tenant(), id);
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let integration = store::integrations::find(connection, caller.tenant(), id).await?;
            integration.ok_or_else(|| ApiError::not_found("integration"))?;
            Ok::<_, ApiError>(store::pulls::list_runs(connection, of, before, i64::from(limit) + 1).await?)
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(SyncResponse::from)))
}
