//! Changes a tenant's name, time zone or settings.

use common::TenantId;
use common::event::{Cause, Event, TenantParts, TenantUpdated};
use db::{Connection, DbError};

use crate::app::App;
use crate::tenants::store::tenants::{self, TenantRow};

/// What to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct TenantChange {
    pub name: Option<String>,
    pub timezone: Option<String>,
    /// A JSON object, which takes the place of the former one.
    pub settings: Option<String>,
    /// The version that the caller read.
    pub expected: Option<i32>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateTenantError {
    /// There is no such tenant.
    #[error("the tenant is gone")]
    Gone,
    /// Somebody else changed it since.
    #[error("the tenant has version {0} by now")]
    VersionConflict(i32),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes the cause's tenant and tells it.
pub(crate) async fn update_tenant(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    change: TenantChange,
) -> Result<TenantRow, UpdateTenantError> {
    let present = tenants::lock(connection, cause.tenant_id).await?.ok_or(UpdateTenantError::Gone)?;
    if change.expected.is_some_and(|version| version != present.version) {
        return Err(UpdateTenantError::VersionConflict(present.version));
    }
    let (was, shall) = parts(&present, &change);
    let changed = TenantRow {
        name: change.name.unwrap_or_else(|| present.name.clone()),
        timezone: change.timezone.unwrap_or_else(|| present.timezone.clone()),
        settings: change.settings.unwrap_or_else(|| present.settings.clone()),
        ..present
    };
    let row = tenants::update(connection, &changed, cause.at).await?;
    let told = TenantUpdated {
        tenant_id: TenantId(row.id),
        name: row.name.clone(),
        timezone: row.timezone.clone(),
        version: row.version,
        before: Some(was),
        after: Some(shall),
    };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(row)
}

/// What the change touches, as it is and as it shall be.
fn parts(present: &TenantRow, change: &TenantChange) -> (TenantParts, TenantParts) {
    let changed = |new: &Option<String>, old: &String| new.as_ref().filter(|new| *new != old).cloned();
    let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let (name, timezone) = (changed(&change.name, &present.name), changed(&change.timezone, &present.timezone));
    let settings = changed(&change.settings, &present.settings);
    let was = TenantParts {
        name: name.as_ref().map(|_| present.name.clone()),
        timezone: timezone.as_ref().map(|_| present.timezone.clone()),
        settings: settings.as_ref().map(|_| json(&present.settings)),
    };
    (was, TenantParts { name, timezone, settings: settings.as_deref().map(json) })
}
