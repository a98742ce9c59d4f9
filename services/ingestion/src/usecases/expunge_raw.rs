//! Taking a record's raw form away for good. What was made of it, the decisions and the history stay.

use common::RecordId;
use common::event::{Cause, Event, RecordRawExpunged};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::store;
use crate::store::records::RecordRow;

/// Why nothing was taken away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExpungeRawError {
    #[error("there is no such record")]
    NotFound,
    #[error("the record is at version {0}")]
    VersionConflict(i32),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Takes it away, from every receipt of it, and returns the record after it. A second time changes nothing.
pub(crate) async fn expunge_raw(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (id, expected): (RecordId, Option<i32>),
) -> Result<RecordRow, ExpungeRawError> {
    store::acts::lock(connection, cause.tenant_id, &[id.0]).await?;
    let found = store::records::find(connection, cause.tenant_id, id).await?;
    let before = found.ok_or(ExpungeRawError::NotFound)?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(ExpungeRawError::VersionConflict(before.version));
    }
    if before.raw_expunged_at.is_some() {
        return Ok(before);
    }
    store::acts::expunge_raw(connection, cause, &[id.0]).await?;
    let expunged = RecordRawExpunged { record_id: id, retention_days: None };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &expunged)]).await?;
    store::records::find(connection, cause.tenant_id, id).await?.ok_or(ExpungeRawError::NotFound)
}
