//! Replacing a source's secret, with a time in which the previous one verifies as well.

use chrono::TimeDelta;
use common::event::{Cause, Event, SecretRotated};
use common::{DateTime, IntegrationId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::integration::Integration;
use crate::domain::secret::sealing_context;
use crate::store;

/// How to rotate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    /// How long the previous secret verifies as well.
    pub(crate) grace_seconds: u32,
    /// Whether to drop a previous secret that still verifies.
    pub(crate) force: bool,
}

/// Why a secret was not replaced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RotateSecretError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration is at version {0}")]
    VersionConflict(i32),
    #[error("the previous secret verifies until {0}")]
    InProgress(DateTime),
    #[error("the integration's provider is not one of this build's")]
    Unknown,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Gives a source a new secret. A secret that still verifies is not dropped unless that is asked for: its sender
/// would be refused without anybody having decided so.
pub(crate) async fn rotate_secret(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    of: (IntegrationId, Option<i32>),
    rotation: Rotation,
) -> Result<Integration, RotateSecretError> {
    let before = find(connection, cause, of).await?;
    if let Some(until) = before.previous_secret_expires_at.filter(|until| *until > cause.at && !rotation.force) {
        return Err(RotateSecretError::InProgress(until));
    }
    let provider = app.catalogue.find(&before.provider).ok_or(RotateSecretError::Unknown)?;
    let secret = provider.secret.generate();
    let after = Integration {
        secret_sealed: app.sealer.seal(&sealing_context(before.tenant_id, before.id), secret.as_bytes()),
        previous_secret_sealed: Some(before.secret_sealed.clone()),
        previous_secret_expires_at: Some(cause.at + TimeDelta::seconds(i64::from(rotation.grace_seconds))),
        ..before
    };
    write(connection, app, cause, after).await
}

/// Ends the previous secret now. Where there is none, nothing changes.
pub(crate) async fn revoke_previous(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    of: (IntegrationId, Option<i32>),
) -> Result<Integration, RotateSecretError> {
    let before = find(connection, cause, of).await?;
    if before.previous_secret_sealed.is_none() {
        return Ok(before);
    }
    let after = Integration { previous_secret_sealed: None, previous_secret_expires_at: None, ..before };
    write(connection, app, cause, after).await
}

async fn find(
    connection: &mut Connection,
    cause: &Cause,
    (id, expected): (IntegrationId, Option<i32>),
) -> Result<Integration, RotateSecretError> {
    let found = store::integrations::find_for_update(connection, cause.tenant_id, id).await?;
    let integration = found.ok_or(RotateSecretError::NotFound)?;
    if expected.is_some_and(|expected| expected != integration.version) {
        return Err(RotateSecretError::VersionConflict(integration.version));
    }
    Ok(integration)
}

async fn write(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    mut integration: Integration,
) -> Result<Integration, RotateSecretError> {
    integration.version += 1;
    integration.updated_at = cause.at;
    store::integrations::update_secrets(connection, &integration).await?;
    let rotated = SecretRotated {
        integration_id: integration.id,
        name: integration.name.clone(),
        version: integration.version,
        previous_secret_expires_at: integration.previous_secret_expires_at,
    };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &rotated)]).await?;
    Ok(integration)
}
