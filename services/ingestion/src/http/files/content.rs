//! `GET /files/{id}/content`

use std::time::SystemTime;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HttpDate, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _};
use blobs::BlobError;
use common::error_code::ErrorBody;
use common::{ErrorCode, FileId};
use web::{ApiError, Caller, Path};

use crate::app::App;
use crate::domain::file::{File, Wanted, served_type, wanted};
use crate::http::download::BARE;
use crate::store;
use crate::usecases::receive_content::key;

/// Downloads a file's content, whole or one range of it. It is never shown inline: what a browser would run comes
/// as `application/octet-stream`.
#[utoipa::path(
    get, path = "/api/v1/files/{id}/content", tag = "files", operation_id = "download_file",
    params(
        ("id" = FileId, Path, description = "The file."),
        ("Range" = Option<String>, Header, description = "`bytes=first-last`; several ranges are answered whole."),
        ("If-Range" = Option<String>, Header, description = "The `ETag` or `Last-Modified` that the range is of."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what is there already."),
    ),
    responses(
        (status = 200, description = "The content.", content_type = "*/*", body = String),
        (status = 206, description = "The range.", content_type = "*/*", body = String),
        (status = 304, description = "Not changed."),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 416, description = "`range_not_satisfiable`", body = ErrorBody),
        (status = 503, description = "`service_unavailable`", body = ErrorBody),
    )
)]
pub(crate) async fn download_file(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<FileId>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let found = app
        .db
        .tenant(caller.tenant(), async |connection| store::files::find(connection, caller.tenant(), id).await)
        .await?;
    let file = found.ok_or_else(|| ApiError::not_found("file"))?;
    let etag = format!("\"{}\"", hex::encode(&file.sha256));
    let modified = HttpDate::from(SystemTime::from(file.created_at)).to_string();
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(IF_NONE_MATCH).is_some_and(|known| known == "*" || known.split(',').any(|one| same(one, &etag))) {
        let mut answer = HttpResponse::build(StatusCode::NOT_MODIFIED);
        return Ok(answer.insert_header((ETAG, etag)).insert_header((LAST_MODIFIED, modified)).finish());
    }
    let is_current = header(IF_RANGE).is_none_or(|of| of == etag || of == modified);
    let (status, from, to) = match wanted(header(RANGE).filter(|_| is_current), file.size) {
        Wanted::Whole => (StatusCode::OK, 0, file.size),
        Wanted::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        Wanted::Nothing => return Ok(no_such_range(&file)),
    };
    let bytes = app.blobs.read(&key(caller.tenant(), file.blob_id), from..to).await.map_err(unreadable)?;
    let mut answer = HttpResponse::build(status);
    describe(&mut answer, &file);
    answer.insert_header((ETAG, etag)).insert_header((LAST_MODIFIED, modified));
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert_header((CONTENT_RANGE, format!("bytes {from}-{}/{}", to - 1, file.size)));
    }
    Ok(answer.body(SizedStream::new(to - from, bytes)))
}

fn same(one: &str, etag: &str) -> bool {
    let one = one.trim();
    one.strip_prefix("W/").unwrap_or(one) == etag
}

fn describe(answer: &mut HttpResponseBuilder, file: &File) {
    answer
        .insert_header(BARE)
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((CONTENT_TYPE, served_type(&file.content_type)))
        .insert_header((CONTENT_DISPOSITION, disposition(&file.name)))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"));
}

/// `attachment` with the name in ASCII for old readers, and as it is for all others (RFC 6266).
fn disposition(name: &str) -> String {
    use std::fmt::Write as _;
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn no_such_range(file: &File) -> HttpResponse {
    let mut answer = ApiError::new(ErrorCode::RangeNotSatisfiable).with("size", file.size).error_response();
    if let Ok(value) = format!("bytes */{}", file.size).parse() {
        answer.headers_mut().insert(CONTENT_RANGE, value);
    }
    answer
}

fn unreadable(error: BlobError) -> ApiError {
    match error {
        // Deleted between the row and the bytes.
        BlobError::NotFound => ApiError::not_found("file"),
        error => ApiError::new(ErrorCode::ServiceUnavailable).retry_after(1).because(error),
    }
}
