//! Operations: acts on many records, how they go, and their undoing.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod list_items;
pub(crate) mod revert;
pub(crate) mod show;

use ::web::{ApiError, Caller, Idempotency, Reply, idempotent, resource};
use actix_web::web::{self, ServiceConfig};
use common::{Actor, DateTime, IntegrationId, OperationId};
use db::Connection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::store::operations::OperationRow;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/api/v1/operations", "GET").route(web::get().to(list::list_operations)))
        .service(resource("/api/v1/operations/{id}", "GET").route(web::get().to(show::show_operation)))
        .service(
            resource("/api/v1/operations/{id}/items", "GET").route(web::get().to(list_items::list_operation_items)),
        )
        .service(resource("/api/v1/operations/{id}/cancel", "POST").route(web::post().to(cancel::cancel_operation)))
        .service(resource("/api/v1/operations/{id}/revert", "POST").route(web::post().to(revert::revert_operation)));
}

/// Does it once for the caller's key, and wakes a worker.
pub(crate) async fn begin(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    work: impl AsyncFnOnce(&mut Connection) -> Result<Reply, ApiError>,
) -> Result<Reply, ApiError> {
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| idempotent(connection, caller, idempotency, work).await)
        .await?;
    app.asked.notify_one();
    Ok(reply)
}

/// An act on many records.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationResponse {
    id: OperationId,
    /// `archive`, `restore`, `reprocess`, `relabel`, `remap`, `replay` or `revert`.
    action: String,
    /// The source that it is about, of a `remap` or `replay`.
    integration_id: Option<IntegrationId>,
    /// The label that the records are to have, of a `relabel`.
    label: Option<String>,
    /// `running`; `cancelling` while what was begun still ends; `completed` or `cancelled`.
    status: String,
    /// The selection as it was asked for.
    selection: Option<Value>,
    /// How many records, or receipts, it is about; fixed when it was asked for.
    matched: i32,
    /// How many of them have ended: the sum of the six that follow.
    done: i32,
    changed: i32,
    /// Decided again, and come out the same.
    unchanged: i32,
    /// Did not allow it; the items say why.
    skipped: i32,
    /// Left alone because a person has changed them since.
    conflicts: i32,
    /// Begun, and nobody said within an hour how they ended.
    failed: i32,
    /// Not begun when the operation was cancelled.
    cancelled: i32,
    /// The operation that this one undoes.
    reverts: Option<OperationId>,
    /// The operation that undoes this one.
    reverted_by: Option<OperationId>,
    created_by: Option<Actor>,
    /// Who cancelled it.
    cancelled_by: Option<Actor>,
    created_at: DateTime,
    updated_at: DateTime,
    completed_at: Option<DateTime>,
}

impl From<OperationRow> for OperationResponse {
    fn from(row: OperationRow) -> Self {
        Self {
            id: OperationId(row.id),
            action: row.action,
            integration_id: row.integration_id.map(IntegrationId),
            label: row.label,
            status: row.status,
            selection: serde_json::from_str(&row.selection).ok(),
            matched: row.matched,
            done: row.changed + row.unchanged + row.skipped + row.conflicts + row.failed + row.cancelled,
            changed: row.changed,
            unchanged: row.unchanged,
            skipped: row.skipped,
            conflicts: row.conflicts,
            failed: row.failed,
            cancelled: row.cancelled,
            reverts: row.reverts.map(OperationId),
            reverted_by: row.reverted_by.map(OperationId),
            created_by: serde_json::from_str(&row.created_by).ok(),
            cancelled_by: row.cancelled_by.as_deref().and_then(|actor| serde_json::from_str(actor).ok()),
            created_at: row.created_at,
            updated_at: row.updated_at,
            completed_at: row.completed_at,
        }
    }
}
