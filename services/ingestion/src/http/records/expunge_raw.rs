//! `POST /records/{id}/expunge-raw`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply, idempotent};

use super::archive::PlainAct;
use super::response::RecordResponse;
use crate::app::App;
use crate::usecases::expunge_raw::expunge_raw;

/// Takes a record's raw form away for good, with the headers that came with it and from every receipt of it.
///
/// The normalised form, the decisions and the history stay, and a repeated delivery is still recognised.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/expunge-raw", tag = "records", operation_id = "expunge_record_raw",
    params(
        ("id" = RecordId, Path, description = "The record."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = Option<PlainAct>,
    responses(
        (status = 200, description = "The record without its raw form.", body = RecordResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn expunge_record_raw(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    IfMatch(expected): IfMatch,
    body: Lenient<PlainAct>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let record = expunge_raw(connection, &app, &caller.cause, (id, expected)).await?;
                let version = record.version;
                Ok(Reply::ok(&RecordResponse::from(record)).version(version))
            })
            .await
        })
        .await
}
