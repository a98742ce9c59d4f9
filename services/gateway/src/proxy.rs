//! Handing a call to the service that answers it.

mod body;
mod client;
mod forward;
mod headers;

pub(crate) use client::Client;
pub(crate) use forward::{Passage, forward, too_large};
