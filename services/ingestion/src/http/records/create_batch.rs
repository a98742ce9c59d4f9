//! `POST /records/batch`

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload};
use common::error_code::ErrorBody;
use common::{ErrorCode, RecordId, Violation};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use web::{ApiError, Caller, Idempotency, Reply, idempotent, parse_json, read_limited};

use super::submission::{CheckedSubmission, RecordInput};
use crate::app::App;
use crate::domain::entry::Stored;
use crate::domain::submission::Submission;
use crate::usecases::submit_records::{submit_records, submit_records_in};

/// Most records in one batch.
const MAX_ITEMS: usize = 1_000;
const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResponse {
    /// Records that are new.
    accepted: usize,
    /// Records that were there before.
    duplicates: usize,
    /// Items that are no records; the others are stored.
    rejected: Vec<RejectedItem>,
    /// The record of each item that was not rejected, in the order of the items.
    ids: Vec<RecordId>,
}

/// An item that was not stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedItem {
    /// Its place in the batch, from 0; blank lines do not count.
    index: usize,
    /// A code of the error table.
    code: &'static str,
    /// What is wrong with it.
    message: String,
}

/// Items of a batch, told apart.
#[derive(Debug, Default)]
struct Sorted {
    submissions: Vec<Submission>,
    rejected: Vec<RejectedItem>,
}

/// Takes in up to 1,000 records, a JSON array or one JSON object a line. What is no record is rejected by itself;
/// the rest is stored as a whole.
#[utoipa::path(
    post, path = "/api/v1/records/batch", tag = "records", operation_id = "create_record_batch",
    request_body(content((Vec<RecordInput> = "application/json"), (RecordInput = "application/x-ndjson"))),
    responses(
        (status = 202, description = "Stored; classified soon.", body = BatchResponse),
        (status = 400, description = "`invalid_request`: no JSON array.", body = ErrorBody),
        (status = 402, description = "`quota_exceeded`: nothing was stored; `context` has reason, limit and date.",
         body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
        (status = 422, description = "`validation_failed`: no item, or more than 1,000.", body = ErrorBody),
        (status = 503, description = "`overloaded` or `service_unavailable`, with `Retry-After`", body = ErrorBody),
    )
)]
pub(crate) async fn create_record_batch(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let body = read_limited(&request, payload.into_inner()).await?;
    let idempotency = Idempotency::read(&request, &body)?;
    let Sorted { submissions, rejected } = sort(&items(&request, &body)?);
    if !idempotency.is_given() {
        let _room = app.quotas.take(&app.db, caller.tenant(), submissions.len(), caller.cause.at).await?;
        let stored = submit_records(&app, &caller.cause, submissions).await?;
        return Ok(answer(&stored, rejected));
    }
    // Kept beyond the commit.
    let mut room = None;
    let answer = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                room = Some(app.quotas.take(&app.db, caller.tenant(), submissions.len(), caller.cause.at).await?);
                let stored = submit_records_in(connection, &app, &caller.cause, submissions).await?;
                Ok(answer(&stored, rejected))
            })
            .await
        })
        .await;
    drop(room);
    answer
}

fn answer(stored: &[Stored], rejected: Vec<RejectedItem>) -> Reply {
    let duplicates = stored.iter().filter(|stored| stored.duplicate).count();
    let ids = stored.iter().filter_map(|stored| stored.record_id).collect();
    Reply::accepted(&BatchResponse { accepted: stored.len() - duplicates, duplicates, rejected, ids })
}

/// The items' JSON texts.
fn items<'b>(request: &HttpRequest, body: &'b [u8]) -> Result<Vec<&'b [u8]>, ApiError> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let items: Vec<&[u8]> = match essence.as_str() {
        JSON => {
            let texts: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| not_an_array(&error))?;
            texts.into_iter().map(|text| text.get().as_bytes()).collect()
        }
        NDJSON => {
            let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
            // One more than allowed is enough to refuse them.
            lines.take(MAX_ITEMS + 1).collect()
        }
        _ => {
            let message = format!("Content-Type is {given:?}; send {JSON} or {NDJSON}.");
            let refused = ApiError::new(ErrorCode::UnsupportedMediaType).message(message);
            return Err(refused.with("accepted", vec![JSON, NDJSON]));
        }
    };
    let violation = match items.len() {
        0 => Violation::new("$", "min_items", "must have at least one item"),
        1..=MAX_ITEMS => return Ok(items),
        _ => Violation::new("$", "max_items", format!("must have at most {MAX_ITEMS} items; send several batches")),
    };
    Err(ApiError::validation(&[violation]).with("limit", MAX_ITEMS))
}

fn not_an_array(error: &serde_json::Error) -> ApiError {
    if error.is_data() {
        return ApiError::validation(&[Violation::new("$", "type", "must be an array of records")]);
    }
    ApiError::invalid_request(format!("The body is not valid JSON: {error}."))
        .with("line", error.line())
        .with("column", error.column())
}

fn sort(items: &[&[u8]]) -> Sorted {
    let mut sorted = Sorted::default();
    for (index, item) in items.iter().enumerate() {
        match parse_json::<CheckedSubmission>(item) {
            Ok(CheckedSubmission(submission)) => sorted.submissions.push(submission),
            Err(error) => {
                let message = error.body().message;
                sorted.rejected.push(RejectedItem { index, code: error.code().as_str(), message });
            }
        }
    }
    sorted
}
