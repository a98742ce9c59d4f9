//! `GET /records/{id}/history`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::{Actor, DateTime, DecisionId, OperationId, RecordId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::store;
use crate::store::acts::HistoryRow;

/// Which page of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRecordHistory {
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// What became of a record, and through whom.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryResponse {
    /// The record's version after it.
    version: i32,
    /// `decided`, `archived`, `restored`, `reprocess_requested` or `raw_expunged`.
    action: String,
    /// The record's status after it.
    status: String,
    label: Option<String>,
    stage: String,
    confidence: Option<f64>,
    /// The decision that stood after it; `GET /processing/outcomes/{recordId}` explains it.
    decision_id: Option<DecisionId>,
    /// The operation that it was a part of.
    operation_id: Option<OperationId>,
    actor: Option<Actor>,
    at: DateTime,
}

impl From<HistoryRow> for HistoryResponse {
    fn from(row: HistoryRow) -> Self {
        Self {
            version: row.version,
            action: row.action,
            status: row.status,
            label: row.label,
            stage: row.stage,
            confidence: row.confidence,
            decision_id: row.decision_id.map(DecisionId),
            operation_id: row.operation_id.map(OperationId),
            actor: serde_json::from_str(&row.actor).ok(),
            at: row.at,
        }
    }
}

/// Lists what became of a record since it came, newest first: verdicts as they were taken over, and acts on it.
#[utoipa::path(
    get, path = "/api/v1/records/{id}/history", tag = "records", operation_id = "list_record_history",
    params(("id" = RecordId, Path, description = "The record."), ListRecordHistory),
    responses(
        (status = 200, description = "A page of the history.", body = Vec<HistoryResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_record_history(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    Query(query): Query<ListRecordHistory>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<i32> = decode_cursor(query.cursor.as_deref())?;
    let of = (caller.tenant(), id);
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let record = store::records::find(connection, caller.tenant(), id).await?;
            record.ok_or_else(|| ApiError::not_found("record"))?;
            Ok::<_, ApiError>(store::acts::history(connection, of, before, i64::from(limit) + 1).await?)
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.version));
    Ok(Reply::page(page.map(HistoryResponse::from)))
}
