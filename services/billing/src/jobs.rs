//! Timers. Each does its work in bounded steps and goes on after a failure.

mod handle_events;
mod housekeep;
mod reconcile;
mod report_usage;
mod watch_standings;

pub(crate) use handle_events::handle_events;
pub(crate) use housekeep::housekeep;
pub(crate) use reconcile::reconcile;
pub(crate) use report_usage::report_usage;
pub(crate) use watch_standings::watch_standings;
