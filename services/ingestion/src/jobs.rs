//! Timers; each calls a use case.

pub(crate) mod clean_blobs;
pub(crate) mod forget_keys;
pub(crate) mod release_held;
pub(crate) mod run_imports;
