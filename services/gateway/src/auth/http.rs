//! Calls below `/api/v1/auth`.

pub(crate) mod api_keys;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod oidc;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod sealed;
pub(crate) mod sessions;
pub(crate) mod signup;
pub(crate) mod switch_tenant;
pub(crate) mod totp;
pub(crate) mod views;
