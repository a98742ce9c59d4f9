//! What labels, rules and decisions are. Pure: no HTTP, no SQL, no clock.

pub(crate) mod decision;
pub(crate) mod label;
pub(crate) mod rule;
pub(crate) mod settings;
