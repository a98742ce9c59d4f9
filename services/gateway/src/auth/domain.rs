//! What signing in means, without a database or a framework.

pub(crate) mod access_token;
pub(crate) mod backoff;
pub(crate) mod device;
pub(crate) mod email;
pub(crate) mod grant;
pub(crate) mod id_token;
pub(crate) mod identity_provider;
pub(crate) mod password;
pub(crate) mod recovery_code;
pub(crate) mod rotation;
pub(crate) mod secret;
pub(crate) mod totp;
