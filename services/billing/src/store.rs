//! The service's tables. The only place that knows diesel; each function takes the caller's connection.

pub(crate) mod billing_events;
pub(crate) mod customers;
pub(crate) mod holdings;
pub(crate) mod profiles;
pub(crate) mod provider_events;
pub(crate) mod provider_subscriptions;
mod schema;
pub(crate) mod subscriptions;
pub(crate) mod usage;
pub(crate) mod usage_reports;
