//! `POST /records`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use common::record::RecordStatus;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Reply, idempotent};

use super::submission::{CheckedSubmission, RecordInput};
use crate::app::App;
use crate::domain::entry::Stored;
use crate::usecases::submit_records::{submit_records, submit_records_in};

/// What became of a record that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubmittedResponse {
    /// The record; the one that was there before when this is a duplicate.
    id: Option<RecordId>,
    /// The record's status.
    status: RecordStatus,
    /// Whether a record with this `externalId` and `source` was there before.
    duplicate: bool,
}

impl SubmittedResponse {
    fn of(stored: &[Stored]) -> Result<Self, ApiError> {
        let [Stored { record_id, status, duplicate }] = *stored else {
            return Err(ApiError::internal("one entry was stored and not one answer came back"));
        };
        Ok(Self { id: record_id, status, duplicate })
    }
}

/// Takes in one record. It is stored durably when this answers.
#[utoipa::path(
    post, path = "/api/v1/records", tag = "records", operation_id = "create_record",
    request_body = RecordInput,
    responses(
        (status = 202, description = "Stored; classified soon.", body = SubmittedResponse),
        (status = 402, description = "`quota_exceeded`: nothing was stored; `context` has reason, limit and date.",
         body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
        (status = 503, description = "`overloaded` or `service_unavailable`, with `Retry-After`", body = ErrorBody),
    )
)]
pub(crate) async fn create_record(
    app: Data<App>,
    caller: Caller,
    body: Body<CheckedSubmission>,
) -> Result<Reply, ApiError> {
    let submissions = vec![body.content.0];
    if !body.idempotency.is_given() {
        let _room = app.quotas.take(&app.db, caller.tenant(), submissions.len(), caller.cause.at).await?;
        let stored = submit_records(&app, &caller.cause, submissions).await?;
        return Ok(Reply::accepted(&SubmittedResponse::of(&stored)?));
    }
    // The key's row belongs into the transaction of the work, which the intake shares among many callers. The
    // room is kept beyond its commit.
    let mut room = None;
    let answer = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                room = Some(app.quotas.take(&app.db, caller.tenant(), submissions.len(), caller.cause.at).await?);
                let stored = submit_records_in(connection, &app, &caller.cause, submissions).await?;
                Ok(Reply::accepted(&SubmittedResponse::of(&stored)?))
            })
            .await
        })
        .await;
    drop(room);
    answer
}
