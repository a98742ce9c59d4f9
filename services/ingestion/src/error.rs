//! From a use case's error to the public one, by exhaustive match.

mod deliveries;
mod files;
mod intake;
mod operations;
mod sources;

/// When a sender should try again.
const RETRY_SECONDS: u64 = 1;
