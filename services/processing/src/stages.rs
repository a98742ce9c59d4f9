//! The stages after rules, each a step that a worker calls outside of any transaction.

pub(crate) mod model;
