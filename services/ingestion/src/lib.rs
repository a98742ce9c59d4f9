//! Ingestion: takes records from a tenant's sources and API callers, stores them, and keeps each one's state.
//!
//! It owns integrations, deliveries and records. What a record is, processing decides and people confirm; their
//! verdicts arrive as events.

mod app;
mod consumers;
mod domain;
mod error;
mod http;
mod intake;
mod jobs;
mod openapi;
mod provider_client;
mod quotas;
mod settings;
mod source_cache;
mod store;
mod usecases;

pub use app::Ingestion;
pub use settings::{
    FileSettings, IngestionSettings, IntakeSettings, ProviderSettings, PullSettings, QuarantineSettings,
};
