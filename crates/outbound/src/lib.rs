//! The one client for calls that leave the house.
//!
//! It owns where a call may go, how long it takes and how much of the answer is read. It must not know what is
//! fetched: OAuth, pulls and discovery are built on it by their services.

mod address;
mod client;
mod error;
mod policy;
mod request;
mod resolver;
mod response;
mod settings;

pub use client::{Download, Outbound};
pub use error::{OutboundError, RefusedReason};
pub use request::OutboundRequest;
pub use reqwest::{Method, StatusCode, header};
pub use resolver::{Looking, Lookup};
pub use response::OutboundResponse;
pub use settings::OutboundSettings;
pub use url::Url;
