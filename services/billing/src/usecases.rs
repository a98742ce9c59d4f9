//! What the service does, one verb per file. Each is one transaction, or says why it is more.

mod begin_subscriptions;
mod close_tenants;
mod count_usage;
pub(crate) mod create_session;
pub(crate) mod handle_event;
pub(crate) mod open_portal;
pub(crate) mod receive_event;
pub(crate) mod reconcile;
pub(crate) mod report_usage;
pub(crate) mod restate;
pub(crate) mod set_subscription;
pub(crate) mod set_timezones;
mod show_status;
mod tell_entitlements;

pub(crate) use begin_subscriptions::begin_subscriptions;
pub(crate) use close_tenants::close_tenants;
pub(crate) use count_usage::count_usage;
pub(crate) use show_status::{Status, show_status};
pub(crate) use tell_entitlements::tell_entitlements;
