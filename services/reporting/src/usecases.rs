//! What the service does: one verb per file, each in one transaction.

mod list_events;
mod log_events;
mod summarize;

pub(crate) use list_events::list_events;
pub use log_events::{LogEventsError, log_events, log_once};
pub(crate) use summarize::{Report, summarize};
