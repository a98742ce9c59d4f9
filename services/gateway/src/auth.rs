//! Who calls: signing in, tokens, sessions and API keys.

pub(crate) mod checker;
pub(crate) mod domain;
pub(crate) mod http;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod oidc;
pub(crate) mod passwords;
pub(crate) mod store;
pub(crate) mod usecases;
