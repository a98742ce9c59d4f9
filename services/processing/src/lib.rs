//! Processing decides what each record is: it owns labels, rules, and every decision made, as receipts.
//!
//! Records come in as events and leave as decisions or as questions to people. It never asks another service.

mod app;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod openapi;
mod rule_book;
mod settings;
mod stages;
mod store;
#[cfg(test)]
mod test_app;
mod usecases;

pub use app::Processing;
pub use settings::{ProcessingSettings, RulesSettings};
