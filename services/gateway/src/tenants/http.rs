//! Calls below `/api/v1/tenants`.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod invites;
pub(crate) mod leave;
pub(crate) mod list;
pub(crate) mod members;
pub(crate) mod roles;
pub(crate) mod show;
pub(crate) mod sign_in;
pub(crate) mod update;
pub(crate) mod views;
