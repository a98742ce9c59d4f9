//! Calls below `/api/v1/auth/totp`.

pub(crate) mod confirm;
pub(crate) mod enrol;
mod kept;
mod proof;
pub(crate) mod prove;
pub(crate) mod remove;
pub(crate) mod renew;
pub(crate) mod show;
