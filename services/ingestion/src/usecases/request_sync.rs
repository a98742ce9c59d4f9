//! Asking for a pull now.

use common::event::{Cause, Event, SyncRequested};
use common::{IntegrationId, SyncRunId};
use db::{Connection, DbError};

use super::connection::pull_source;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::IntegrationStatus;
use crate::domain::oauth::ConnectionStatus;
use crate::store;

/// Why no pull was queued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestSyncError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration's provider is not asked by OAuth")]
    NotOauth,
    #[error("the integration is paused")]
    Paused,
    #[error("the connection is {}", .0.as_str())]
    NotConnected(ConnectionStatus),
    #[error("a pull is queued or running")]
    Running,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Queues a pull; a worker takes it within a moment.
pub(crate) async fn request_sync(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: IntegrationId,
) -> Result<SyncRunId, RequestSyncError> {
    let of = (cause.tenant_id, id);
    let found = store::integrations::find_for_update(connection, cause.tenant_id, id).await?;
    let integration = found.ok_or(RequestSyncError::NotFound)?;
    pull_source(app.catalogue, &integration).ok_or(RequestSyncError::NotOauth)?;
    let connections = store::oauth::connections(connection, cause.tenant_id, &[id]).await?;
    let status = connections.first().map(store::oauth::ConnectionRow::status);
    match status.unwrap_or(ConnectionStatus::Disconnected) {
        ConnectionStatus::Connected => {}
        other => return Err(RequestSyncError::NotConnected(other)),
    }
    if integration.status == IntegrationStatus::Paused {
        return Err(RequestSyncError::Paused);
    }
    let run = SyncRunId::generate();
    if !store::pulls::queue_run(connection, of, run, "request", cause.at).await? {
        return Err(RequestSyncError::Running);
    }
    store::pulls::make_due(connection, of, cause.at).await?;
    let requested = SyncRequested { integration_id: id, name: integration.name, sync_run_id: run };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &requested)]).await?;
    Ok(run)
}
