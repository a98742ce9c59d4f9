//! `GET /records/{id}/history`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::identity::ActorKind;
use common::page::Page;
use common::record::{RecordStatus, Stage};
use common::{Actor, DateTime, DecisionId, OperationId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Query, Reply, encode_cursor};

use crate::app::App;
use crate::http::paging::Paging;
use crate::store;
use crate::store::acts::HistoryRow;
use crate::store::records::RecordRow;

/// The version under which every record comes.
const FIRST_VERSION: i32 = 1;

/// What became of a record, and through whom.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryResponse {
    /// The record's version after it.
    version: i32,
    /// `received`, `decided`, `archived`, `restored`, `reprocess_requested` or `raw_expunged`.
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
    /// Who did it; null for what an API caller sent, of whom the event `INGESTED` tells.
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

/// The first line of every history; the record itself says all of it.
fn received(record: &RecordRow) -> HistoryResponse {
    let by = |id: uuid::Uuid| Actor { kind: ActorKind::Integration, id: id.to_string(), name: None };
    HistoryResponse {
        version: FIRST_VERSION,
        action: "received".to_owned(),
        status: RecordStatus::Ingested.as_str().to_owned(),
        label: None,
        stage: Stage::None.as_str().to_owned(),
        confidence: None,
        decision_id: None,
        operation_id: None,
        actor: record.integration_id.map(by),
        at: record.received_at,
    }
}

/// Lists what became of a record, newest first: verdicts as they were taken over, acts on it, and that it came.
#[utoipa::path(
    get, path = "/api/v1/records/{id}/history", tag = "records", operation_id = "list_record_history",
    params(("id" = RecordId, Path, description = "The record."), Paging),
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
    Query(paging): Query<Paging>,
) -> Result<Reply, ApiError> {
    let (limit, before): (u32, Option<i32>) = paging.read()?;
    let of = (caller.tenant(), id);
    let (record, rows) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let record = store::records::find(connection, caller.tenant(), id).await?;
            let record = record.ok_or_else(|| ApiError::not_found("record"))?;
            Ok::<_, ApiError>((record, store::acts::history(connection, of, before, i64::from(limit) + 1).await?))
        })
        .await?;
    let mut lines: Vec<HistoryResponse> = rows.into_iter().map(HistoryResponse::from).collect();
    if before.is_none_or(|before| before > FIRST_VERSION) {
        lines.push(received(&record));
    }
    Ok(Reply::page(Page::cut(lines, limit, |line| encode_cursor(&line.version))))
}
