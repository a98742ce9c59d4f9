//! The gateway: the one door. It knows who calls and what they may do, makes the envelope, and hands every other
//! call to the service that answers it.
//!
//! It knows no resource's fields but those of people and tenants, and never parses a service's success body.

mod app;
mod auth;
mod cli;
mod consumers;
mod envelope;
mod error;
mod gate;
mod mail;
pub mod openapi;
mod proxy;
pub mod routes;
mod server;
pub mod settings;
mod tenants;

pub use app::Gateway;
pub use cli::run;
