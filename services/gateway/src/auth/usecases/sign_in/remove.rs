//! Takes a tenant's identity provider away. Who is who there is kept, for when it comes back.

use common::event::{Cause, Event, SignInRemoved};
use common::{Identity, Permission, SessionId};
use db::{Connection, DbError};

use super::told;
use crate::app::App;
use crate::auth::store::{sessions, sign_in_providers};
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};

/// Why it stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoveProviderError {
    /// There is none.
    #[error("there is no provider")]
    NotFound,
    /// The caller may not do it any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Removes it, ends the sessions that it opened, and tells it.
pub(crate) async fn remove(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
) -> Result<Vec<SessionId>, RemoveProviderError> {
    confirm_caller(connection, caller, Permission::OwnersWrite).await?;
    let tenant = cause.tenant_id;
    let row = sign_in_providers::find(connection, tenant).await?.ok_or(RemoveProviderError::NotFound)?;
    let domains = sign_in_providers::domains(connection, tenant).await?;
    sign_in_providers::delete(connection, tenant).await?;
    let ended = sessions::revoke_confined(connection, tenant, cause.at).await?;
    let told = SignInRemoved { tenant_id: tenant, before: told(&row, &domains)? };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(ended.iter().map(|session| SessionId(session.id)).collect())
}
