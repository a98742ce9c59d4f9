//! `POST /files`

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use common::error_code::ErrorBody;
use common::{ErrorCode, RecordId};
use utoipa::ToSchema;
use web::{ApiError, Caller, Idempotency, Reply, idempotent};

use super::FileResponse;
use crate::app::App;
use crate::http::form::{self, FORM, Form, Received};
use crate::usecases::receive_content::give_up;
use crate::usecases::store_file::{StoreFile, store_file};

const RECORD_ID: &str = "recordId";

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
    if form::essence(&request) != FORM {
        let message = format!("This call takes {FORM}.");
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType).message(message).with("accepted", vec![FORM]));
    }
    let mut parts = Multipart::new(request.headers(), payload);
    let form = form::read(&app, &caller, &mut parts, &[RECORD_ID]).await?;
    let blob = form.file.content.blob_id;
    let stored = store(&app, &caller, &request, form).await;
    // What an error or a replayed answer left over; settled content is left alone.
    give_up(&app, caller.tenant(), blob).await;
    stored
}

async fn store(app: &App, caller: &Caller, request: &HttpRequest, form: Form) -> Result<Reply, ApiError> {
    let record_id = form.text(RECORD_ID).map(read_id).transpose()?;
    let Received { content, name, declared_type } = form.file;
    let said = StoreFile { name, declared_type, record_id };
    // The body is too long to be kept for a fingerprint; these say the same. A boundary may differ.
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

fn read_id(text: &str) -> Result<RecordId, ApiError> {
    text.parse().map_err(|_| form::refuse(RECORD_ID, "uuid", "must be the id of a record"))
}
