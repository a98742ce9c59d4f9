//! Calls below `/api/v1/tenants/current/members/{id}/identities`.

pub(crate) mod list;
pub(crate) mod unlink;
