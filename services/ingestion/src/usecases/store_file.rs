//! Making received content a file.

use common::event::{Cause, Event, FileStored};
use common::{FileId, RecordId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::file::{Content, File, clean_name, content_type};
use crate::store;

/// What is said of a file's content.
#[derive(Debug)]
pub(crate) struct StoreFile {
    pub(crate) name: String,
    pub(crate) declared_type: Option<String>,
    pub(crate) record_id: Option<RecordId>,
}

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreFileError {
    #[error("there is no such record")]
    NoRecord,
    #[error("the upload took so long that it was given up")]
    GivenUp,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Stores a file over received content. The same bytes twice are two files over one blob.
pub(crate) async fn store_file(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (content, said): (&Content, StoreFile),
) -> Result<File, StoreFileError> {
    store_file_as(connection, app, cause, (FileId::generate(), content, said)).await
}

/// The same under an id of the caller's choice.
pub(crate) async fn store_file_as(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (id, content, said): (FileId, &Content, StoreFile),
) -> Result<File, StoreFileError> {
    let tenant = cause.tenant_id;
    if let Some(record) = said.record_id
        && !store::blobs::has_record(connection, tenant, record).await?
    {
        return Err(StoreFileError::NoRecord);
    }
    let settled = store::blobs::settle(connection, tenant, content).await?;
    let file = File {
        id,
        blob_id: settled.ok_or(StoreFileError::GivenUp)?,
        record_id: said.record_id,
        name: clean_name(&said.name),
        content_type: content_type(&content.head, said.declared_type.as_deref()),
        size: content.size,
        sha256: content.sha256.clone(),
        created_at: cause.at,
    };
    store::files::insert(connection, tenant, &file).await?;
    let stored = FileStored {
        file_id: file.id,
        name: file.name.clone(),
        size: file.size,
        sha256: hex::encode(&file.sha256),
        record_id: file.record_id,
    };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &stored)]).await?;
    Ok(file)
}
