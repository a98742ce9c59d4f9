//! Ends a run early: what a batch did stays, and no further record has its turn.

use common::RunId;
use common::event::{Cause, Event, RunCancelled};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::run::{Run, RunStatus};
use crate::store::runs;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CancelRunError {
    #[error("there is no such run")]
    NotFound,
    #[error("the run came to its end")]
    Completed,
    #[error("the run cannot be cancelled")]
    Db(#[from] DbError),
}

/// Cancels the run and returns it as it is then. One that is cancelled already stays so.
pub(crate) async fn cancel_run(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: RunId,
) -> Result<Run, CancelRunError> {
    // A worker in the middle of a batch holds the row; what it has done by its commit stays done.
    let run = runs::lock(connection, cause.tenant_id, id).await?.ok_or(CancelRunError::NotFound)?;
    match run.status {
        RunStatus::Completed => return Err(CancelRunError::Completed),
        RunStatus::Cancelled => return Ok(run),
        RunStatus::Running => {}
    }
    runs::end(connection, cause.tenant_id, id, RunStatus::Cancelled, cause.at).await?;
    let told = RunCancelled { run_id: id, cancelled: run.total - run.tally.done() };
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &told)]).await?;
    Ok(Run { status: RunStatus::Cancelled, ended_at: Some(cause.at), ..run })
}
