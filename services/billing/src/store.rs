//! The service's tables. The only place that knows diesel; each function takes the caller's connection.

pub(crate) mod billing_events;
pub(crate) mod holdings;
mod schema;
pub(crate) mod subscriptions;
pub(crate) mod usage;
