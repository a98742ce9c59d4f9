//! Changes how a tenant's records are decided, from the next batch on.

use common::Violation;
use common::event::Cause;
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::settings::{SettingsChange, TenantSettings};
use crate::store::settings;

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateSettingsError {
    #[error("the settings are at version {0}")]
    VersionConflict(i32),
    #[error("the settings cannot work")]
    Invalid(Vec<Violation>),
    #[error("the settings cannot be stored")]
    Db(#[from] DbError),
}

pub(crate) async fn update_settings(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    expected: Option<i32>,
    change: SettingsChange,
) -> Result<TenantSettings, UpdateSettingsError> {
    let before = settings::find_and_lock(connection, cause.tenant_id).await?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(UpdateSettingsError::VersionConflict(before.version));
    }
    let Some(after) = before.changed(change, cause.at) else { return Ok(before) };
    if after.stages.embedding && !before.stages.embedding && app.vectors.is_err() {
        let message = "cannot be switched on: this installation has no embedding model; its operator runs `make model`";
        return Err(UpdateSettingsError::Invalid(vec![Violation::new("stages.embedding", "not_available", message)]));
    }
    settings::save(connection, cause.tenant_id, &after, &cause.actor, cause.at).await?;
    app.learning.wake();
    Ok(after)
}
