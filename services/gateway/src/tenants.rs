//! Tenants and their members.

pub(crate) mod domain;
pub(crate) mod http;
pub(crate) mod store;
pub(crate) mod usecases;
