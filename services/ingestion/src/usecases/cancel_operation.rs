//! Ending an operation early: what was begun ends as it would have, and nothing more is begun.

use common::OperationId;
use common::event::{Cause, Event, OperationCancelled};
use db::{Connection, DbError};

use super::run_operations::count;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::item::Tally;
use crate::store;
use crate::store::operations::OperationRow;

/// Why an operation is not cancelled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CancelOperationError {
    #[error("there is no such operation")]
    NotFound,
    #[error("the operation is complete")]
    Completed,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Cancels it and returns it as it is then. One that is cancelled already stays so.
pub(crate) async fn cancel_operation(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: OperationId,
) -> Result<OperationRow, CancelOperationError> {
    // A worker in the middle of a batch holds the row; what it has done by its commit stays done.
    let found = store::operations::lock(connection, cause.tenant_id, id).await?;
    let operation = found.ok_or(CancelOperationError::NotFound)?;
    match operation.status.as_str() {
        "completed" => return Err(CancelOperationError::Completed),
        "running" => {}
        _ => return Ok(operation),
    }
    let cancelled = store::operations::cancel(connection, cause, id).await?.unwrap_or_default();
    let told = OperationCancelled { operation_id: id, action: operation.action, cancelled };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &told)]).await?;
    count(connection, app, cause, id, Tally { cancelled, ..Tally::default() }).await?;
    store::operations::find(connection, cause.tenant_id, id).await?.ok_or(CancelOperationError::NotFound)
}
