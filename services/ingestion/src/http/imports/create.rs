//! `POST /records/import`

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{ErrorCode, FileId, Violation};
use futures_util::StreamExt as _;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Check, Idempotency, Query, Reply, idempotent, parse_json, read_limited};

use super::ImportResponse;
use crate::app::App;
use crate::domain::file::Content;
use crate::domain::import::ImportFormat;
use crate::http::form::{self, FORM, Form, PATIENCE};
use crate::usecases::begin_import::{ImportFrom, begin_import, format_of};
use crate::usecases::receive_content::{Receiving, give_up};

const MAX_SOURCE: usize = 128;
const ACCEPTED: [&str; 4] = ["text/csv", "application/x-ndjson", "application/json", FORM];
const FORMAT: &str = "format";

/// What holds for all lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportRecords {
    /// The source of records that name none; `api` when left out.
    source: Option<String>,
}

/// A stored file to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImportFile {
    file_id: FileId,
    /// Told by the file's type and name when left out.
    #[serde(default)]
    format: Option<ImportFormat>,
}

impl Check for ImportFile {}

/// A file to import, in a form.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "says in the contract what the form is; it is read as it comes")]
pub(crate) struct ImportForm {
    /// The content, with a `filename`.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Told by the file's type and name when left out.
    format: Option<ImportFormat>,
}

/// Takes in any number of records: CSV whose first line names the columns (`text`, `title`, `amount`, `currency`,
/// `counterparty`, `occurredAt`, `externalId`, `source`, `attributes.<name>`), one JSON object a line, or a file of
/// either: stored before, or in a form. It is stored durably when this answers, and taken in by and by: one import of a tenant's at a time.
#[utoipa::path(
    post, path = "/api/v1/records/import", tag = "records", operation_id = "import_records",
    params(ImportRecords),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"), (ImportFile = "application/json"), (ImportForm = "multipart/form-data"))),
    responses(
        (status = 202, description = "Stored; taken in soon.", body = ImportResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`: the file.", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
        (status = 422, description = "`validation_failed` or `idempotency_key_reused`", body = ErrorBody),
        (status = 503, description = "`service_unavailable`, with `Retry-After`", body = ErrorBody),
    )
)]
pub(crate) async fn import_records(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ImportRecords>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    let mut found = Vec::new();
    if let Some(source) = &query.source {
        check_text(&mut found, "source", source, 1, MAX_SOURCE);
    }
    if !found.is_empty() {
        return Err(ApiError::validation(&found));
    }
    let given = form::essence(&request);
    let (content, format) = match given.as_str() {
        "text/csv" => (receive(&app, &caller, payload).await?, ImportFormat::Csv),
        "application/x-ndjson" => (receive(&app, &caller, payload).await?, ImportFormat::Ndjson),
        FORM => {
            let mut parts = Multipart::new(request.headers(), payload);
            let form = form::read(&app, &caller, &mut parts, &[FORMAT]).await?;
            let format = format_in(&form);
            let content = filled(&app, &caller, form.file.content).await?;
            match format {
                Ok(format) => (content, format),
                Err(error) => {
                    give_up(&app, caller.tenant(), content.blob_id).await;
                    return Err(error);
                }
            }
        }
        "application/json" => {
            let body = read_limited(&request, payload.into_inner()).await?;
            let ImportFile { file_id, format } = parse_json(&body)?;
            let idempotency = Idempotency::read(&request, &[&body[..], request.query_string().as_bytes()].concat())?;
            return begin(&app, &caller, &idempotency, (ImportFrom::File(file_id, format), query.source)).await;
        }
        _ => {
            let message = format!("Content-Type is {given:?}; send one of {}.", ACCEPTED.join(", "));
            let refused = ApiError::new(ErrorCode::UnsupportedMediaType).message(message);
            return Err(refused.with("accepted", ACCEPTED.to_vec()));
        }
    };
    let blob = content.blob_id;
    let begun = async {
        // The body is too long to be kept for a fingerprint; its digest says the same.
        let said = [content.sha256.as_slice(), format.as_str().as_bytes(), request.query_string().as_bytes()].concat();
        let idempotency = Idempotency::read(&request, &said)?;
        begin(&app, &caller, &idempotency, (ImportFrom::Content(&content, format), query.source)).await
    };
    let begun = begun.await;
    give_up(&app, caller.tenant(), blob).await;
    begun
}

async fn begin(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    what: (ImportFrom<'_>, Option<String>),
) -> Result<Reply, ApiError> {
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, caller, idempotency, async |connection| {
                let import = begin_import(connection, &caller.cause, what).await?;
                Ok(Reply::accepted(&ImportResponse::from(import)))
            })
            .await
        })
        .await?;
    app.imports_queued.notify_one();
    Ok(reply)
}

async fn receive(app: &App, caller: &Caller, mut payload: Payload) -> Result<Content, ApiError> {
    let mut receiving = Receiving::begin(app, caller.tenant()).await?;
    let late = |_| ApiError::invalid_request("The body did not arrive in time.");
    while let Some(bytes) = tokio::time::timeout(PATIENCE, payload.next()).await.map_err(late)? {
        let bytes = bytes.map_err(|error| ApiError::invalid_request("The body ended early.").because(error))?;
        receiving.write(bytes).await?;
    }
    filled(app, caller, receiving.finish().await?).await
}

/// The content, unless it is empty.
async fn filled(app: &App, caller: &Caller, content: Content) -> Result<Content, ApiError> {
    if content.size == 0 {
        give_up(app, caller.tenant(), content.blob_id).await;
        return Err(ApiError::validation(&[Violation::new("$", "min_items", "must have at least one line")]));
    }
    Ok(content)
}

/// The format that a form names, or else that its file's type and name tell.
fn format_in(form: &Form) -> Result<ImportFormat, ApiError> {
    match form.text(FORMAT) {
        Some(named) => {
            ImportFormat::parse(named).ok_or_else(|| form::refuse(FORMAT, "enum", "must be \"csv\" or \"ndjson\""))
        }
        None => format_of(&form.file.name, form.file.declared_type.as_deref().unwrap_or_default()).ok_or_else(|| {
            form::refuse(FORMAT, "required", "must be given: neither type nor name of the file tell it")
        }),
    }
}
