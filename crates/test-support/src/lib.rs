//! A service under test on real parts: a database and a broker vhost of its own, the production server on a
//! free port, clients that act as the gateway would, and waits that look at state instead of the clock.
//!
//! Only ever a dev-dependency. A test that fails leaves its database and vhost behind and prints their names.

mod app;
mod broker;
mod client;
mod database;
pub mod oidc;
pub mod provider;
mod proxy;
pub mod schema;
pub mod sign;
mod stack;
mod wait;

pub use app::{Resources, TestApp};
pub use broker::TestBroker;
pub use client::{Answer, Client};
pub use database::TestDb;
pub use proxy::CutProxy;
pub use stack::{SERVICES, Stack};
pub use wait::wait_until;
