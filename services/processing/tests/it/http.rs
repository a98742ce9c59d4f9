//! The HTTP surface, by noun.

mod bad_input;
mod calibration;
mod explain;
mod labels;
mod outcomes;
mod rule_import;
mod rule_preview;
mod rule_proposals;
mod rule_test;
mod rule_versions;
mod rules;
mod runs;
mod settings;
mod similar_records;
mod value_lists;
