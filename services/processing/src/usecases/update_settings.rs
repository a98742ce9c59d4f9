//! Changes how a tenant's records are decided, from the next batch on.

use common::Violation;
use common::event::{Cause, Event, ProcessingSettingsUpdated};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::settings::{LlmOffer, SettingsChange, TenantSettings};
use crate::store::settings;

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateSettingsError {
    #[error("the settings are at version {0}")]
    VersionConflict(i32),
    #[error("the installation has no language model")]
    LlmNotConfigured,
    #[error("the settings do not fit the installation")]
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
    check_llm(app, &before, &after)?;
    settings::save(connection, cause.tenant_id, &after, &cause.actor, cause.at).await?;
    let told = ProcessingSettingsUpdated {
        tenant_id: cause.tenant_id,
        version: after.version,
        before: before.told(),
        after: after.told(),
    };
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &told)]).await?;
    app.learning.wake();
    Ok(after)
}

/// A tenant whose installation lost its model may still change everything else.
fn check_llm(app: &App, before: &TenantSettings, after: &TenantSettings) -> Result<(), UpdateSettingsError> {
    if !after.stages.llm || (before.stages.llm && before.llm == after.llm) {
        return Ok(());
    }
    let step = app.model.as_ref().ok_or(UpdateSettingsError::LlmNotConfigured)?;
    let model = after.llm.model.as_deref().unwrap_or(step.default_model());
    let found = after.violations_of_llm(&LlmOffer { currency: step.currency(), has_price: step.has_price(model) });
    if found.is_empty() { Ok(()) } else { Err(UpdateSettingsError::Invalid(found)) }
}
