//! Calls below `/api/v1/auth/identities`: who the caller is at identity providers.

pub(crate) mod list;
pub(crate) mod unlink;
pub(crate) mod views;
