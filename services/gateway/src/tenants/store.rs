//! Rows of tenants and memberships; the only place of `tenants` that knows the database.

pub(crate) mod entitlements;
pub(crate) mod invites;
pub(crate) mod memberships;
pub(crate) mod tenants;

use common::Role;
use db::DbError;

/// The role of that name, which the column's check admits only if it exists.
pub(crate) fn role_of(name: &str) -> Result<Role, DbError> {
    Role::parse(name).ok_or_else(|| {
        DbError::Query(diesel::result::Error::DeserializationError(format!("unknown role {name:?}").into()))
    })
}
