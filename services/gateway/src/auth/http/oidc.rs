//! Calls below `/api/v1/auth/oidc`: signing in through a tenant's own identity provider.

pub(crate) mod callback;
pub(crate) mod discover;
pub(crate) mod link;
pub(crate) mod start;
mod views;
