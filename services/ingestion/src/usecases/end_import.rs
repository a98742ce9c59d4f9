//! Ending an import: done, broken, or cancelled by a person.

use common::event::{Cause, Event, ImportCompleted};
use common::{DateTime, ImportId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::import::{Import, ImportStatus};
use crate::store;

/// Why an import was not cancelled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CancelImportError {
    #[error("there is no such import")]
    NotFound,
    #[error("the import has ended")]
    Ended(ImportStatus),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Ends an import and lets go of its content.
pub(super) async fn end(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    import: &mut Import,
    (status, error, at): (ImportStatus, Option<String>, DateTime),
) -> Result<(), DbError> {
    let tenant = cause.tenant_id;
    let blob = import.blob_id;
    import.end(status, error, at);
    store::imports::update(connection, import).await?;
    if let Some(blob) = blob
        && let Some(sha256) = store::blobs::digest(connection, (tenant, blob)).await?
    {
        store::blobs::release(connection, tenant, (blob, &sha256)).await?;
    }
    let completed = ImportCompleted {
        import_id: import.id,
        status: status.as_str().to_owned(),
        accepted: import.accepted,
        duplicates: import.duplicates,
        rejected: import.rejected,
    };
    let cause = Cause { at, ..cause.clone() };
    app.outbox.append(connection, &[Event::new(&cause, AGENT, &completed)]).await
}

/// Cancels an import between two of its steps. What was taken in stays.
pub(crate) async fn cancel_import(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: ImportId,
) -> Result<Import, CancelImportError> {
    let found = store::imports::find_for_update(connection, cause.tenant_id, id).await?;
    let mut import = found.ok_or(CancelImportError::NotFound)?;
    match import.status {
        // Twice is once.
        ImportStatus::Cancelled => return Ok(import),
        ImportStatus::Completed | ImportStatus::Failed => return Err(CancelImportError::Ended(import.status)),
        ImportStatus::Queued | ImportStatus::Running => {}
    }
    end(connection, app, cause, &mut import, (ImportStatus::Cancelled, None, cause.at)).await?;
    Ok(import)
}
