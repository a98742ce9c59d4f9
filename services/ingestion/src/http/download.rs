//! Answers that are written as they are read: text in lines, never whole in memory, without an envelope.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use bytes::Bytes;
use db::DbError;
use futures_util::{Stream, TryStreamExt as _};

use crate::domain::import::ImportFormat;

/// Tells the gateway to pass the bytes as they are.
pub(crate) const BARE: (&str, &str) = ("x-verdict-envelope", "none");

/// What is downloaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Download {
    /// The name of the file, less its ending.
    pub(crate) name: &'static str,
    pub(crate) format: ImportFormat,
}

/// An answer to keep as a file. When the database goes away in the middle, the connection is cut: an incomplete
/// download never looks complete.
pub(crate) fn attachment(
    download: Download,
    lines: impl Stream<Item = Result<Bytes, DbError>> + 'static,
) -> HttpResponse {
    let (kind, ending) = match download.format {
        ImportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ImportFormat::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let name = download.name;
    HttpResponse::Ok()
        .insert_header(BARE)
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\"")))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .streaming(Box::pin(lines.inspect_err(|error| tracing::warn!(%error, "a download breaks off"))))
}
