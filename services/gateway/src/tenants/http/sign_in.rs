//! Calls below `/api/v1/tenants/current/sign-in`: the tenant's own identity provider.

pub(crate) mod remove;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod verify;
mod views;
