//! `POST /records/{id}/reprocess`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use serde_json::json;
use web::{ApiError, Caller, Lenient, Path, Reply};

use super::archive::PlainAct;
use super::bulk::StartedResponse;
use crate::app::App;
use crate::domain::act::Act;
use crate::http::operations::begin;
use crate::store;
use crate::usecases::start_operation::{Request, Selection, start_operation};

/// Has a record decided again by the rules of the present: an operation on one record.
///
/// What a person decided stays. Nothing is counted or told twice: no usage, no report, no notification.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/reprocess", tag = "records", operation_id = "reprocess_record",
    params(("id" = RecordId, Path, description = "The record.")),
    request_body = Option<PlainAct>,
    responses(
        (status = 202, description = "Begun.", body = StartedResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn reprocess_record(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    body: Lenient<PlainAct>,
) -> Result<Reply, ApiError> {
    begin(&app, &caller, &body.idempotency, async |connection| {
        let found = store::records::find(connection, caller.tenant(), id).await?;
        found.ok_or_else(|| ApiError::not_found("record"))?;
        let (selection, described) = (Selection::Ids(vec![id]), json!({ "ids": 1 }).to_string());
        let request = Request { act: Act::Reprocess, label: None, selection, described, dry_run: false };
        let started = start_operation(connection, &app, &caller.cause, request).await?;
        Ok(Reply::accepted(&StartedResponse::from(started)))
    })
    .await
}
