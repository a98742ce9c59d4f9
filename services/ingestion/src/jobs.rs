//! Timers; each calls a use case.

pub(crate) mod clean_blobs;
pub(crate) mod forget_keys;
pub(crate) mod make_room;
pub(crate) mod release_held;
pub(crate) mod run_imports;
pub(crate) mod run_operations;
pub(crate) mod watch_health;
