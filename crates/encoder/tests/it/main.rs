//! The encoder on its real weights, and what can be said without them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot prepare fails, and says what it left out"
)]

mod missing;
mod model;
mod tokens;
mod vectors;
mod workers;
