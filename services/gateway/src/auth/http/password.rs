//! Calls below `/api/v1/auth/password`.

pub(crate) mod change;
pub(crate) mod forgot;
pub(crate) mod reset;
