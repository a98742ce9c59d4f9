//! Deletes a tenant: its people and keys are out at once, the gateway's rows of it are gone, and the other services are
//! told to forget theirs.

use chrono::Duration;
use common::event::{Cause, Event, TenantDeleted};
use common::{DateTime, Identity, Permission};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::sessions::{self, SessionState};
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};
use crate::auth::usecases::prove_password::ProvePasswordError;
use crate::tenants::store::tenants;

/// How long a sign-in at the identity provider stands for a password that its person need not have.
const FRESH: Duration = Duration::minutes(10);

/// Why the tenant stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteTenantError {
    /// It is gone.
    #[error("the tenant is gone")]
    Gone,
    /// The name that confirms it is another one.
    #[error("the tenant has another name")]
    OtherName,
    /// A session of one's own asks for the password.
    #[error("the password is needed")]
    PasswordNeeded,
    /// The password is another one.
    #[error("wrong password")]
    WrongPassword,
    /// The sign-in at the identity provider was too long ago.
    #[error("the sign-in is not fresh")]
    NotFresh,
    /// The caller may not delete it any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The password could not be checked.
    #[error(transparent)]
    Password(#[from] ProvePasswordError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Refuses a session that the identity provider opened too long ago.
pub(crate) fn require_fresh(session: &SessionState, now: DateTime) -> Result<(), DeleteTenantError> {
    if now - session.created_at <= FRESH { Ok(()) } else { Err(DeleteTenantError::NotFresh) }
}

/// Deletes the cause's tenant, which has that name, and tells it. Who the caller is was proven anew before.
pub(crate) async fn delete_tenant(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    name: &str,
) -> Result<(), DeleteTenantError> {
    let tenant = cause.tenant_id;
    confirm_caller(connection, caller, Permission::TenantsDelete).await?;
    let row = tenants::find(connection, tenant).await?.ok_or(DeleteTenantError::Gone)?;
    if row.name != name {
        return Err(DeleteTenantError::OtherName);
    }
    sessions::revoke_tenant(connection, tenant, cause.at).await?;
    tenants::bury(connection, tenant, cause.at).await?;
    let told = TenantDeleted { tenant_id: tenant, name: row.name };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(())
}
