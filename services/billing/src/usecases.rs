//! What the service does, one verb per file. Each takes the caller's connection and is one transaction.

mod begin_subscriptions;
mod count_usage;
mod show_status;

pub(crate) use begin_subscriptions::begin_subscriptions;
pub(crate) use count_usage::count_usage;
pub(crate) use show_status::{Status, show_status};
