//! `POST /files`

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload};
use common::error_code::ErrorBody;
use common::{ErrorCode, RecordId, Violation};
use futures_util::TryStreamExt as _;
use utoipa::ToSchema;
use web::{ApiError, Caller, Idempotency, Reply, idempotent};

use super::FileResponse;
use crate::app::App;
use crate::domain::file::Content;
use crate::usecases::receive_content::{Receiving, give_up};
use crate::usecases::store_file::{StoreFile, store_file};

/// How long an upload may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest text of a field that is no file.
const MAX_FIELD: usize = 128;
const FORM: &str = "multipart/form-data";

/// A file and what it belongs to.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says in the contract what the form is; it is read as it comes")]
pub(crate) struct FileForm {
    /// The content, with a `filename`.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The record that it belongs to.
    record_id: Option<RecordId>,
}

/// The form as it was read.
struct Form {
    content: Content,
    said: StoreFile,
}

/// Stores a file. It is stored durably when this answers. The same content again is another file over the same bytes.
#[utoipa::path(
    post, path = "/api/v1/files", tag = "files", operation_id = "create_file",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored.", body = FileResponse),
        (status = 400, description = "`invalid_request`: no form, or one that breaks off.", body = ErrorBody),
        (status = 404, description = "`not_found`: the record.", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
        (status = 422, description = "`validation_failed` or `idempotency_key_reused`", body = ErrorBody),
        (status = 503, description = "`service_unavailable`, with `Retry-After`", body = ErrorBody),
    )
)]
pub(crate) async fn create_file(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    require_form(&request)?;
    let form = read(&app, &caller, Multipart::new(request.headers(), payload)).await?;
    let blob = form.content.blob_id;
    let stored = store(&app, &caller, &request, form).await;
    // What an error or a replayed answer left over; settled content is left alone.
    give_up(&app, caller.tenant(), blob).await;
    stored
}

async fn store(app: &App, caller: &Caller, request: &HttpRequest, form: Form) -> Result<Reply, ApiError> {
    // The body is too long to be kept for a fingerprint; these say the same. A boundary may differ.
    let Form { content, said } = form;
    let fingerprint = format!(
        "{}\n{:?}\n{:?}\n{:?}",
        hex::encode(&content.sha256),
        said.name,
        said.declared_type,
        said.record_id.map(|id| id.to_string())
    );
    let idempotency = Idempotency::read(request, fingerprint.as_bytes())?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, caller, &idempotency, async |connection| {
                let file = store_file(connection, app, &caller.cause, (&content, said)).await?;
                Ok(Reply::created(&FileResponse::from(file)))
            })
            .await
        })
        .await
}

fn require_form(request: &HttpRequest) -> Result<(), ApiError> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(FORM) {
        return Ok(());
    }
    let message = format!("Content-Type is {given:?}; send {FORM}.");
    Err(ApiError::new(ErrorCode::UnsupportedMediaType).message(message).with("accepted", vec![FORM]))
}

async fn read(app: &App, caller: &Caller, mut parts: Multipart) -> Result<Form, ApiError> {
    let (mut record_id, mut file) = (None, None);
    while let Some(mut field) = in_time(parts.try_next()).await? {
        match field.name() {
            Some("file") if file.is_none() => file = Some(receive(app, caller, &mut field).await?),
            Some("recordId") if record_id.is_none() => record_id = Some(read_id(&mut field).await?),
            Some(name @ ("file" | "recordId")) => return Err(refuse(name, "once", "must be given once")),
            name => return Err(refuse(name.unwrap_or("$"), "unknown_field", "is not a field of this form")),
        }
    }
    let (content, name, declared_type) = file.ok_or_else(|| refuse("file", "required", "must be given"))?;
    Ok(Form { content, said: StoreFile { name, declared_type, record_id } })
}

async fn receive(app: &App, caller: &Caller, field: &mut Field) -> Result<(Content, String, Option<String>), ApiError> {
    let disposition = field.content_disposition();
    let name = disposition.and_then(|said| {
        said.get_filename_ext().map(|name| decode(&name.value)).or_else(|| said.get_filename().map(str::to_owned))
    });
    let declared = field.content_type().map(|mime| mime.essence_str().to_owned());
    let mut receiving = Receiving::begin(app, caller.tenant()).await?;
    while let Some(bytes) = in_time(field.try_next()).await? {
        receiving.write(bytes).await?;
    }
    Ok((receiving.finish().await?, name.unwrap_or_default(), declared))
}

fn decode(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn read_id(field: &mut Field) -> Result<RecordId, ApiError> {
    let text = in_time(async { field.bytes(MAX_FIELD).await.unwrap_or_else(|_| Ok(bytes::Bytes::new())) }).await?;
    let id = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    id.ok_or_else(|| refuse("recordId", "uuid", "must be the id of a record"))
}

fn refuse(path: &str, rule: &str, message: &str) -> ApiError {
    ApiError::validation(&[Violation::new(path, rule, message)])
}

/// The next piece of the form, unless the sender is silent for too long.
async fn in_time<T>(next: impl Future<Output = Result<T, actix_multipart::MultipartError>>) -> Result<T, ApiError> {
    let next = tokio::time::timeout(PATIENCE, next).await;
    let next = next.map_err(|_| ApiError::invalid_request("The body did not arrive in time."))?;
    next.map_err(|error| ApiError::invalid_request(format!("The form cannot be read: {error}.")))
}
