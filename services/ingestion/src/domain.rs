//! What ingestion means by its words: sources, signatures, mappings, deliveries and the precedence of verdicts.
//!
//! Pure: no I/O, no framework, no clock of its own.

pub(crate) mod act;
pub(crate) mod csv_cell;
pub(crate) mod delivery;
pub(crate) mod diagnosis;
pub(crate) mod entry;
pub(crate) mod examiner;
pub(crate) mod file;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod integration;
pub(crate) mod item;
pub(crate) mod mapping;
pub(crate) mod oauth;
pub(crate) mod provider;
pub(crate) mod pull;
pub(crate) mod quota;
pub(crate) mod retention;
pub(crate) mod secret;
pub(crate) mod signature;
pub(crate) mod source;
pub(crate) mod submission;
pub(crate) mod verdict;
pub(crate) mod work;

/// Finds a header's value by its lower-case name.
pub(crate) type Header<'h> = &'h dyn Fn(&str) -> Option<&'h str>;
