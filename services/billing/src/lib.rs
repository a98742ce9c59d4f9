//! Billing: plans, each tenant's subscription, and what it used.
//!
//! Usage is counted from events, each exactly once. What a tenant is on comes from a payment provider, behind a trait
//! that names none; without one the free plan serves.

mod app;
mod cli;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod openapi;
mod providers;
mod settings;
mod store;
mod usecases;

pub use app::Billing;
pub use cli::run;
pub use settings::{BillingSettings, HousekeepingSettings, PaymentsSettings, PlansSettings};
