//! Taking a connection back: the tokens are thrown away, and whoever pulls stops at the next page.

use common::IntegrationId;
use common::event::{Cause, Event, IntegrationDisconnected};
use db::{Connection, DbError};

use super::connection::pull_source;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::oauth::ConnectionStatus;
use crate::store;

/// Why a source was not disconnected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DisconnectIntegrationError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration's provider is not asked by OAuth")]
    NotOauth,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Disconnects a source; one that is not connected stays so.
pub(crate) async fn disconnect_integration(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: IntegrationId,
) -> Result<(), DisconnectIntegrationError> {
    let of = (cause.tenant_id, id);
    let found = store::integrations::find_for_update(connection, cause.tenant_id, id).await?;
    let integration = found.ok_or(DisconnectIntegrationError::NotFound)?;
    pull_source(app.catalogue, &integration).ok_or(DisconnectIntegrationError::NotOauth)?;
    store::oauth::forget_states(connection, of).await?;
    // The pull's row before the tokens', as everywhere.
    store::pulls::revoke(connection, of).await?;
    if store::oauth::end(connection, of, ConnectionStatus::Disconnected, None, cause.at).await? {
        store::pulls::finish_live_run(connection, of, "stopped", Some("the source was disconnected"), cause.at).await?;
        let disconnected = IntegrationDisconnected { integration_id: id, name: integration.name };
        app.outbox.append(connection, &[Event::new(cause, AGENT, &disconnected)]).await?;
    }
    Ok(())
}
