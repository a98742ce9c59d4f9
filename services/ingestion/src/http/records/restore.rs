//! `POST /records/{id}/restore`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply};

use super::archive::{PlainAct, act};
use super::response::RecordResponse;
use crate::app::App;
use crate::domain::act::Act;

/// Brings an archived record back, in the state that it would have by now had it never been archived.
///
/// One that is not archived stays as it is.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/restore", tag = "records", operation_id = "restore_record",
    params(
        ("id" = RecordId, Path, description = "The record."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = Option<PlainAct>,
    responses(
        (status = 200, description = "The record, restored.", body = RecordResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn restore_record(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    IfMatch(expected): IfMatch,
    body: Lenient<PlainAct>,
) -> Result<Reply, ApiError> {
    act(&app, &caller, (id, expected), &body, Act::Restore).await
}
