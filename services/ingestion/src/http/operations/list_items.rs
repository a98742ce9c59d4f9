//! `GET /operations/{id}/items`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::{DateTime, DeliveryId, OperationId, RecordId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::domain::item::ItemResult;
use crate::domain::work::Work;
use crate::store;
use crate::store::operation_items::ItemRow;

/// Which items, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOperationItems {
    /// Only items of this result.
    #[param(inline)]
    result: Option<ItemResult>,
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// A record's part in an operation, or in a replay a receipt's.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemResponse {
    /// In a replay, the record that the receipt made, or that of the first receipt.
    record_id: Option<RecordId>,
    /// The receipt that was replayed.
    delivery_id: Option<DeliveryId>,
    /// `pending`, `requested`, `changed`, `unchanged`, `skipped`, `conflict`, `failed` or `cancelled`.
    result: String,
    /// Of a skipped one: `already_archived`, `not_archived`, `archived`, `held`, `decided_by_person`, `unknown_label` or
    /// `gone`; when it was to be read anew, `raw_expunged`, `not_delivered` or `unreadable`; when it was replayed, why it
    /// was rejected again; `source_gone` or `source_unusable`. Of a receipt that stays as it is: `taken_in_before` or
    /// `duplicate`. Of a conflict: `changed_by_person`. Of a failed one: `no_answer`.
    reason: Option<String>,
    /// The record's version that the act made.
    version: Option<i32>,
    updated_at: DateTime,
}

impl ItemResponse {
    fn new(row: ItemRow, is_replay: bool) -> Self {
        let (record_id, delivery_id) = match is_replay {
            true => (row.made_record_id.map(RecordId), Some(DeliveryId(row.record_id))),
            false => (Some(RecordId(row.record_id)), None),
        };
        Self {
            record_id,
            delivery_id,
            result: row.result,
            reason: row.reason,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// Lists what an operation came to for each record or receipt, oldest first.
#[utoipa::path(
    get, path = "/api/v1/operations/{id}/items", tag = "operations", operation_id = "list_operation_items",
    params(("id" = OperationId, Path, description = "The operation."), ListOperationItems),
    responses(
        (status = 200, description = "A page of items.", body = Vec<ItemResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_operation_items(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<OperationId>,
    Query(query): Query<ListOperationItems>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let after: Option<RecordId> = decode_cursor(query.cursor.as_deref())?;
    let key = (id, caller.tenant());
    let (rows, is_replay) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let operation = store::operations::find(connection, caller.tenant(), id).await?;
            let operation = operation.ok_or_else(|| ApiError::not_found("operation"))?;
            let rows = store::operation_items::list(connection, key, query.result, after, i64::from(limit) + 1).await?;
            Ok::<_, ApiError>((rows, operation.action == Work::Replay.as_str()))
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.record_id));
    Ok(Reply::page(page.map(|row| ItemResponse::new(row, is_replay))))
}
