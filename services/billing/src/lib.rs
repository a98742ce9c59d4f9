//! Billing: plans, each tenant's subscription, and what it used.
//!
//! Usage is counted from events, each exactly once. No payment provider is connected yet, so the free plan serves.

mod app;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod openapi;
mod settings;
mod store;
mod usecases;

pub use app::Billing;
pub use settings::{BillingSettings, HousekeepingSettings, PlansSettings};
