//! `POST /records/{id}/archive`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, IfMatch, Lenient, Path, Reply, idempotent};

use super::response::RecordResponse;
use crate::app::App;
use crate::domain::act::Act;
use crate::usecases::act_on_record::act_on_record;

/// An act that needs no more said than its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlainAct {}

impl Check for PlainAct {}

/// Archives a record: lists by other statuses leave it out, and verdicts that come later are kept for its return.
///
/// An archived record stays as it is.
#[utoipa::path(
    post, path = "/api/v1/records/{id}/archive", tag = "records", operation_id = "archive_record",
    params(
        ("id" = RecordId, Path, description = "The record."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = Option<PlainAct>,
    responses(
        (status = 200, description = "The record, archived.", body = RecordResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`conflict`: held for a paused source", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn archive_record(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RecordId>,
    IfMatch(expected): IfMatch,
    body: Lenient<PlainAct>,
) -> Result<Reply, ApiError> {
    act(&app, &caller, (id, expected), &body, Act::Archive).await
}

/// Does it once for the caller's key, and answers the record.
pub(super) async fn act(
    app: &App,
    caller: &Caller,
    of: (RecordId, Option<i32>),
    body: &Lenient<PlainAct>,
    act: Act,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, caller, &body.idempotency, async |connection| {
                let record = act_on_record(connection, app, &caller.cause, act, of).await?;
                let version = record.version;
                Ok(Reply::ok(&RecordResponse::from(record)).version(version))
            })
            .await
        })
        .await
}
