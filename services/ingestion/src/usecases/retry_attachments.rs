//! Having the files of a record tried again that are not stored.

use common::RecordId;
use common::event::{AttachmentsRetried, Cause, Event};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::store;

/// Why nothing is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RetryAttachmentsError {
    #[error("there is no such record")]
    NotFound,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Has them tried again, and says how many there are.
pub(crate) async fn retry_attachments(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    record: RecordId,
) -> Result<u32, RetryAttachmentsError> {
    if !store::blobs::has_record(connection, cause.tenant_id, record).await? {
        return Err(RetryAttachmentsError::NotFound);
    }
    let count = store::pending_attachments::retry(connection, (cause.tenant_id, record), cause.at).await?;
    let attachments = u32::try_from(count).unwrap_or(u32::MAX);
    if attachments > 0 {
        let retried = AttachmentsRetried { record_id: record, attachments };
        app.outbox.append(connection, &[Event::new(cause, AGENT, &retried)]).await?;
    }
    Ok(attachments)
}
