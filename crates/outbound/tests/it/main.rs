//! The client against real servers on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare fails")]

mod bounds;
mod redirects;
mod refusals;
mod server;
