//! Processing decides what each record is: it owns labels, rules, and every decision made, as receipts.
//!
//! Records come in as events and leave as decisions or as questions to people. It never asks another service.

mod app;
mod cascade;
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
mod tenant_memory;
#[cfg(test)]
mod test_app;
mod usecases;
mod vectors;

pub use app::Processing;
pub use settings::{EmbeddingSource, EmbeddingsSettings, ProcessingSettings, RulesSettings, WeightsPrecision};
