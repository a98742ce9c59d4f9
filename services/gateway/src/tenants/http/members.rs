//! Calls below `/api/v1/tenants/current/members`.

pub(crate) mod change;
pub(crate) mod identities;
pub(crate) mod list;
pub(crate) mod remove;
