//! The step against a provider over real HTTP on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare fails")]

mod batch;
mod breaker;
mod budget;
mod cache;
mod capabilities;
mod confidence;
mod embed;
mod failures;
mod fence;
mod support;
mod time;
