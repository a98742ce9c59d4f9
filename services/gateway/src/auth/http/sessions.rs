//! Calls below `/api/v1/auth/sessions`.

pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod revoke_all;
