//! Deleting a file. Its bytes go when no other file has them.

use common::FileId;
use common::event::{Cause, Event, FileDeleted};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::file::File;
use crate::store;

/// Why a file was not deleted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteFileError {
    #[error("there is no such file")]
    NotFound,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Deletes a file and returns it as it was.
pub(crate) async fn delete_file(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: FileId,
) -> Result<File, DeleteFileError> {
    let tenant = cause.tenant_id;
    let file = store::files::find(connection, tenant, id).await?.ok_or(DeleteFileError::NotFound)?;
    // Before the count of files, as whoever stores the same content does.
    store::blobs::lock_content(connection, tenant, &file.sha256).await?;
    if !store::files::delete(connection, tenant, id).await? {
        return Err(DeleteFileError::NotFound);
    }
    store::blobs::release(connection, tenant, (file.blob_id, &file.sha256)).await?;
    let deleted = FileDeleted { file_id: id, name: file.name.clone(), record_id: file.record_id };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &deleted)]).await?;
    Ok(file)
}
