//! Every route: what it does, what it refuses, and for whom.

mod bad_input;
mod decide;
mod idempotency;
mod isolation;
mod lease;
mod list;
mod race;
mod rule;
mod show;
mod stats;
