//! Removing a source. Its deliveries and records stay; what was held for it stays held.

use common::IntegrationId;
use common::event::{Cause, Event, IntegrationDeleted};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::Integration;
use crate::domain::oauth::ConnectionStatus;
use crate::store;

/// Why a source was not removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteIntegrationError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration is at version {0}")]
    VersionConflict(i32),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Removes a source and returns it as it was.
pub(crate) async fn delete_integration(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (id, expected): (IntegrationId, Option<i32>),
) -> Result<Integration, DeleteIntegrationError> {
    let found = store::integrations::find_for_update(connection, cause.tenant_id, id).await?;
    let integration = found.ok_or(DeleteIntegrationError::NotFound)?;
    if expected.is_some_and(|expected| expected != integration.version) {
        return Err(DeleteIntegrationError::VersionConflict(integration.version));
    }
    store::integrations::delete(connection, cause.tenant_id, id, cause.at).await?;
    // Tokens go at once; what was pulled stays.
    store::pulls::revoke(connection, (cause.tenant_id, id)).await?;
    store::oauth::forget_states(connection, (cause.tenant_id, id)).await?;
    store::oauth::end(connection, (cause.tenant_id, id), ConnectionStatus::Disconnected, None, cause.at).await?;
    let why = Some("the source was deleted");
    store::pulls::finish_live_run(connection, (cause.tenant_id, id), "stopped", why, cause.at).await?;
    let deleted = IntegrationDeleted { integration_id: id, name: integration.name.clone() };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &deleted)]).await?;
    Ok(integration)
}
