//! Linking a file to a record, and letting go of it.

use common::event::{Cause, Event, FileLinked, FileUnlinked};
use common::{FileId, RecordId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::file::File;
use crate::store;

/// Why a file was not linked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkFileError {
    #[error("there is no such record")]
    NoRecord,
    #[error("there is no such file")]
    NoFile,
    #[error("the file belongs to record {0}")]
    LinkedElsewhere(RecordId),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Links a file to a record and tells of it. Twice is once.
pub(crate) async fn link_file(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (record, id): (RecordId, FileId),
) -> Result<File, LinkFileError> {
    let tenant = cause.tenant_id;
    if !store::blobs::has_record(connection, tenant, record).await? {
        return Err(LinkFileError::NoRecord);
    }
    let mut file = store::files::find(connection, tenant, id).await?.ok_or(LinkFileError::NoFile)?;
    if let Some(other) = file.record_id.filter(|other| *other != record) {
        return Err(LinkFileError::LinkedElsewhere(other));
    }
    if !store::files::link(connection, tenant, (id, record)).await? {
        return Err(LinkFileError::NoFile);
    }
    if file.record_id.replace(record).is_none() {
        let linked = FileLinked { file_id: id, name: file.name.clone(), record_id: record };
        app.outbox.append(connection, &[Event::new(cause, AGENT, &linked)]).await?;
    }
    Ok(file)
}

/// Lets go of a record's file, which stays, and tells of it.
pub(crate) async fn unlink_file(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (record, id): (RecordId, FileId),
) -> Result<File, LinkFileError> {
    let tenant = cause.tenant_id;
    if !store::blobs::has_record(connection, tenant, record).await? {
        return Err(LinkFileError::NoRecord);
    }
    let found = store::files::find(connection, tenant, id).await?;
    let mut file = found.filter(|file| file.record_id == Some(record)).ok_or(LinkFileError::NoFile)?;
    if store::files::unlink(connection, tenant, (id, record)).await? {
        let unlinked = FileUnlinked { file_id: id, name: file.name.clone(), record_id: record };
        app.outbox.append(connection, &[Event::new(cause, AGENT, &unlinked)]).await?;
    }
    file.record_id = None;
    Ok(file)
}
