//! Beginning an import of a content that was just received, or of a stored file.

use common::event::Cause;
use common::{BlobId, FileId, ImportId};
use db::{Connection, DbError};

use crate::domain::file::Content;
use crate::domain::import::{Import, ImportFormat, ImportStatus};
use crate::store;

/// Why an import was not begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginImportError {
    #[error("there is no such file")]
    NoFile,
    #[error("the file is neither CSV nor NDJSON as far as its type and name say")]
    UnknownFormat,
    #[error("the upload took so long that it was given up")]
    GivenUp,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Where the records are.
pub(crate) enum ImportFrom<'c> {
    /// In what this request brought.
    Content(&'c Content, ImportFormat),
    /// In a file; its format is told by type and name unless it is given.
    File(FileId, Option<ImportFormat>),
}

/// Queues an import. It is done by a job, one of a tenant's at a time.
pub(crate) async fn begin_import(
    connection: &mut Connection,
    cause: &Cause,
    (from, source): (ImportFrom<'_>, Option<String>),
) -> Result<Import, BeginImportError> {
    let tenant = cause.tenant_id;
    let (blob, size, format) = match from {
        ImportFrom::Content(content, format) => {
            let settled = store::blobs::settle(connection, tenant, content).await?;
            (settled.ok_or(BeginImportError::GivenUp)?, content.size, format)
        }
        ImportFrom::File(id, format) => {
            let file = store::files::find(connection, tenant, id).await?.ok_or(BeginImportError::NoFile)?;
            let format =
                format.or_else(|| format_of(&file.name, &file.content_type)).ok_or(BeginImportError::UnknownFormat)?;
            // Whoever deletes the file waits from here on, and then finds the import.
            store::blobs::lock_content(connection, tenant, &file.sha256).await?;
            let file = store::files::find(connection, tenant, id).await?.ok_or(BeginImportError::NoFile)?;
            (file.blob_id, file.size, format)
        }
    };
    let import = queued(cause, (blob, size), format, source);
    store::imports::insert(connection, &import).await?;
    Ok(import)
}

fn queued(cause: &Cause, (blob, size): (BlobId, u64), format: ImportFormat, source: Option<String>) -> Import {
    Import {
        id: ImportId::generate(),
        blob_id: Some(blob),
        format,
        source,
        status: ImportStatus::Queued,
        size,
        position: 0,
        line: 1,
        skipping: false,
        header: None,
        accepted: 0,
        duplicates: 0,
        rejected: 0,
        error: None,
        cause: cause.clone(),
        finished_at: None,
    }
}

/// What a file's name and type say of its format.
pub(crate) fn format_of(name: &str, content_type: &str) -> Option<ImportFormat> {
    let ends = |endings: [&str; 2]| endings.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    match content_type {
        "text/csv" => Some(ImportFormat::Csv),
        "application/x-ndjson" | "application/jsonl" => Some(ImportFormat::Ndjson),
        _ if ends([".csv", ".csv.txt"]) => Some(ImportFormat::Csv),
        _ if ends([".ndjson", ".jsonl"]) => Some(ImportFormat::Ndjson),
        _ => None,
    }
}
