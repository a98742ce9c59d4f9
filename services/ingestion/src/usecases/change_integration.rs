//! Changing a source: its name, settings or mapping, pausing and resuming it.

use common::event::{Cause, Event, IntegrationState, IntegrationUpdated};
use common::{IntegrationId, Violation};
use db::{Connection, DbError};
use serde_json::Value;

use super::connect_integration::check;
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::{Integration, IntegrationStatus};
use crate::domain::oauth::ConnectionStatus;
use crate::store;

/// What is left out stays as it is.
#[derive(Debug, Default)]
pub(crate) struct IntegrationChange {
    pub(crate) name: Option<String>,
    pub(crate) status: Option<IntegrationStatus>,
    pub(crate) config: Option<Value>,
    /// `Some(None)` goes back to the provider's default.
    pub(crate) mapping: Option<Option<Value>>,
}

/// Why a source was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeIntegrationError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration is at version {0}")]
    VersionConflict(i32),
    #[error("config or mapping cannot be used")]
    Invalid(Vec<Violation>),
    #[error("the tenant has an integration named {0:?}")]
    NameTaken(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes a source. Resuming a paused one sets off the release of what was held.
pub(crate) async fn change_integration(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    (id, expected): (IntegrationId, Option<i32>),
    change: IntegrationChange,
) -> Result<Integration, ChangeIntegrationError> {
    let found = store::integrations::find_for_update(connection, cause.tenant_id, id).await?;
    let before = found.ok_or(ChangeIntegrationError::NotFound)?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(ChangeIntegrationError::VersionConflict(before.version));
    }
    let after = Integration {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        status: change.status.unwrap_or(before.status),
        config: change.config.unwrap_or_else(|| before.config.clone()),
        mapping: change.mapping.unwrap_or_else(|| before.mapping.clone()),
        version: before.version + 1,
        updated_at: cause.at,
        ..before.clone()
    };
    if is_same(&before, &after) {
        return Ok(before);
    }
    if let Some(provider) = app.catalogue.find(&after.provider) {
        check(&app.outbound, provider, &after.config, after.mapping.as_ref())
            .map_err(ChangeIntegrationError::Invalid)?;
    }
    // Left pending until the release finds nothing more, so resuming always asks for one.
    let release = after.status == IntegrationStatus::Active;
    if !store::integrations::update(connection, &after, release).await? {
        return Err(ChangeIntegrationError::NameTaken(after.name));
    }
    if pages_otherwise(&before, &after) {
        store::pulls::forget_cursor(connection, (after.tenant_id, after.id)).await?;
    }
    if sends_elsewhere(&before, &after) {
        disconnect(connection, &after).await?;
    }
    let updated = IntegrationUpdated {
        integration_id: id,
        name: after.name.clone(),
        status: after.status.as_str().to_owned(),
        version: after.version,
        before: Some(state(&before)),
        after: Some(state(&after)),
    };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &updated)]).await?;
    Ok(after)
}

fn state(integration: &Integration) -> IntegrationState {
    IntegrationState {
        name: integration.name.clone(),
        status: integration.status.as_str().to_owned(),
        config: integration.config.clone(),
        mapping: integration.mapping.clone(),
    }
}

/// Whether tokens and the client's secret would go where nobody granted them to go.
fn sends_elsewhere(before: &Integration, after: &Integration) -> bool {
    ["/oauth2", "/pull/url"].iter().any(|place| before.config.pointer(place) != after.config.pointer(place))
}

/// Whether the cursor would be asked for in another list, or by another name.
fn pages_otherwise(before: &Integration, after: &Integration) -> bool {
    let pages = |integration: &Integration| {
        let mut pull = integration.config.get("pull").cloned().unwrap_or_default();
        pull.as_object_mut().map(|pull| pull.remove("intervalSeconds"));
        pull
    };
    pages(before) != pages(after)
}

async fn disconnect(connection: &mut Connection, after: &Integration) -> Result<(), DbError> {
    let (of, at) = ((after.tenant_id, after.id), after.updated_at);
    let why = Some("the source's addresses changed; authorise it again");
    store::pulls::revoke(connection, of).await?;
    store::oauth::forget_states(connection, of).await?;
    if store::oauth::end(connection, of, ConnectionStatus::Disconnected, why, at).await? {
        store::pulls::finish_live_run(connection, of, "stopped", why, at).await?;
    }
    Ok(())
}

fn is_same(before: &Integration, after: &Integration) -> bool {
    before.name == after.name
        && before.status == after.status
        && before.config == after.config
        && before.mapping == after.mapping
}
