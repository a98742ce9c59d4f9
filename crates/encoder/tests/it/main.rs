//! The encoder on its real weights, and what can be said without them.

mod missing;
mod model;
mod tokens;
mod vectors;
mod workers;
