//! Notes which of a tenant's domains were found to be its own.

use common::event::{Cause, Event, SignInDomainProven};
use common::{Identity, Permission};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::store::sign_in_providers::{self, DomainRow};
use crate::auth::usecases::confirm_caller::{StandingError, confirm_caller};

/// Why nothing was noted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProveDomainsError {
    /// The caller may not do it any more.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Notes the domains whose record was found, tells each once, and gives all as they are now.
pub(crate) async fn prove_domains(
    connection: &mut Connection,
    app: &App,
    caller: &Identity,
    cause: &Cause,
    found: &[DomainRow],
) -> Result<Vec<DomainRow>, ProveDomainsError> {
    confirm_caller(connection, caller, Permission::OwnersWrite).await?;
    let tenant = cause.tenant_id;
    let mut events = Vec::new();
    for row in found {
        // Only what was asked for: the domain may have been taken off and put on again meanwhile.
        let asked = (row.domain.as_str(), row.challenge.as_str());
        if sign_in_providers::prove_domain(connection, tenant, asked, cause.at).await? {
            let told = SignInDomainProven { tenant_id: tenant, domain: row.domain.clone() };
            events.push(Event::new(cause, "gateway", &told));
        }
    }
    app.outbox.append(connection, &events).await?;
    Ok(sign_in_providers::domains(connection, tenant).await?)
}
