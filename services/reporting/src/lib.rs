//! Reporting: the log of everything that happened, and the reports summed up from it.
//!
//! Owns the event feed with its order, and the counts behind reports. It publishes nothing, decides nothing, and
//! changes nothing that was logged.

mod app;
mod consumers;
mod domain;
mod error;
mod http;
mod openapi;
mod settings;
mod store;
mod usecases;

pub use app::Reporting;
pub use settings::ReportingSettings;
pub use usecases::{LogEventsError, log_events, log_once};
