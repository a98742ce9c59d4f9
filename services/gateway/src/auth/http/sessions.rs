//! Calls below `/api/v1/auth/sessions`.

pub(crate) mod list;
pub(crate) mod revoke;
