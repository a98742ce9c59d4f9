//! `GET /records/{id}/pending-attachments`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DateTime, DeliveryId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use crate::app::App;
use crate::store;
use crate::store::pending_attachments::PendingRow;

/// More than any record has.
const MOST: i64 = 200;

/// A file that came with a delivery and is not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingAttachmentResponse {
    delivery_id: DeliveryId,
    /// Its place among the files of the delivery, from 0.
    place: i16,
    name: String,
    /// Where it is fetched from, without its query, which may be a key; null for one inside of the delivery.
    url: Option<String>,
    /// `waiting`, or `failed`: given up until somebody has it tried again.
    state: String,
    /// Why it is not stored: `link_answered`, `link_unreachable`, `link_refused`, `too_large`, `quota_exceeded`,
    /// `store_unavailable`, `delivery_gone` or `record_gone`; null before the first try.
    reason: Option<String>,
    /// The same for people.
    error: Option<String>,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried again; null when it was given up.
    next_attempt_at: Option<DateTime>,
    created_at: DateTime,
}

impl From<PendingRow> for PendingAttachmentResponse {
    fn from(row: PendingRow) -> Self {
        let next_attempt_at = (row.state == "waiting").then_some(row.due_at);
        let bare = |url: String| url.split(['?', '#']).next().unwrap_or_default().to_owned();
        Self {
            delivery_id: DeliveryId(row.delivery_id),
            place: row.place,
            name: row.name,
            url: row.url.map(bare),
            state: row.state,
            reason: row.reason,
            error: row.error,
            attempts: row.attempts,
            next_attempt_at,
            created_at: row.created_at,
        }
    }
}

/// Lists the files of a record's delivery that are not stored yet, or were given up. What is stored is an attachment.
#[utoipa::path(
    get, path = "/api/v1/records/{id}/pending-attachments", tag = "files", operation_id = "list_pending_attachments",
    params(("id" = RecordId, Path, description = "The record.")),
    responses(
        (status = 200, description = "What is not stored, and why.", body = Vec<PendingAttachmentResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_pending_attachments(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            if !store::blobs::has_record(connection, caller.tenant(), id).await? {
                return Err(ApiError::not_found("record"));
            }
            let rows = store::pending_attachments::of_record(connection, (caller.tenant(), id), MOST).await?;
            let items: Vec<PendingAttachmentResponse> = rows.into_iter().map(Into::into).collect();
            Ok(Reply::page(common::page::Page { items, next_cursor: None }))
        })
        .await
}
