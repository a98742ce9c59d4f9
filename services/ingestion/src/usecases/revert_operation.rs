//! Undoing an operation, by an operation of its own: once, and never over what a person did since.

use common::event::{Cause, Event, OperationStarted};
use common::{IntegrationId, OperationId};
use db::{Connection, DbError};

use super::start_operation::Started;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::work::Work;
use crate::store;
use crate::store::operations::NewOperation;

/// Why an operation is not undone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevertOperationError {
    #[error("there is no such operation")]
    NotFound,
    #[error("the operation has not ended")]
    StillRunning,
    #[error("the operation undoes another one itself")]
    IsRevert,
    #[error("what the operation took in stays")]
    IsReplay,
    #[error("the operation was undone by {0}")]
    Reverted(OperationId),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Begins to undo it.
pub(crate) async fn revert_operation(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: OperationId,
) -> Result<Started, RevertOperationError> {
    let found = store::operations::lock(connection, cause.tenant_id, id).await?;
    let operation = found.ok_or(RevertOperationError::NotFound)?;
    let work = match Work::parse(&operation.action).ok_or(RevertOperationError::IsRevert)? {
        Work::Replay => return Err(RevertOperationError::IsReplay),
        work @ (Work::Act(_) | Work::Remap) => work,
    };
    if operation.completed_at.is_none() {
        return Err(RevertOperationError::StillRunning);
    }
    if let Some(by) = operation.reverted_by {
        return Err(RevertOperationError::Reverted(OperationId(by)));
    }
    let (revert, matched) = (OperationId::generate(), operation.changed);
    let new = NewOperation {
        id: revert,
        action: REVERT,
        integration_id: operation.integration_id.map(IntegrationId),
        reverts: Some((id, work.as_str())),
        label: None,
        selection: serde_json::json!({ "operationId": id }).to_string(),
        matched,
    };
    store::operations::insert(connection, cause, &new).await?;
    store::operations::add_items_to_revert(connection, cause, revert, id).await?;
    let started =
        OperationStarted { operation_id: revert, action: REVERT.into(), label: None, matched, reverts: Some(id) };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &started)]).await?;
    Ok(Started { operation_id: Some(revert), matched })
}

const REVERT: &str = "revert";
