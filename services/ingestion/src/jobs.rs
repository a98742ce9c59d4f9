//! Timers; each calls a use case.

pub(crate) mod clean_blobs;
pub(crate) mod expire_raw;
pub(crate) mod forget_keys;
pub(crate) mod give_up_items;
pub(crate) mod make_room;
pub(crate) mod pull;
pub(crate) mod release_held;
pub(crate) mod run_imports;
pub(crate) mod run_operations;
pub(crate) mod trim_quarantine;
pub(crate) mod watch_health;
