//! The HTTP surface, by noun.

mod bad_input;
mod labels;
mod outcomes;
mod rule_test;
mod rules;
mod settings;
