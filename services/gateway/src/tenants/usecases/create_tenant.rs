//! Creates a tenant with its first owner.

use common::event::{Cause, Event, MemberJoined, TenantCreated};
use common::{Role, TenantId, UserId};
use db::{Connection, DbError};

use crate::app::App;
use crate::tenants::store::memberships;
use crate::tenants::store::tenants::{self, TenantRow};

/// A tenant to be created.
#[derive(Clone, Debug)]
pub(crate) struct NewTenant<'a> {
    pub id: TenantId,
    pub name: &'a str,
    pub timezone: &'a str,
    pub owner: UserId,
    pub owner_email: &'a str,
}

/// Why no tenant was created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateTenantError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Creates the tenant, makes the person its owner and tells both. The cause must be in the new tenant.
pub(crate) async fn create_tenant(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    new: NewTenant<'_>,
) -> Result<TenantRow, CreateTenantError> {
    let row = tenants::insert(connection, new.id, new.name, new.timezone, cause.at).await?;
    memberships::insert(connection, new.id, new.owner, Role::Owner, cause.at).await?;
    let created = TenantCreated {
        tenant_id: new.id,
        name: new.name.to_owned(),
        timezone: new.timezone.to_owned(),
        owner: new.owner,
    };
    let joined =
        MemberJoined { user_id: new.owner, email: new.owner_email.to_owned(), role: Role::Owner, invite_id: None };
    let events = [Event::new(cause, "gateway", &created), Event::new(cause, "gateway", &joined)];
    app.outbox.append(connection, &events).await?;
    Ok(row)
}
