//! Timers; each calls a use case.

pub(crate) mod forget_keys;
pub(crate) mod release_held;
pub(crate) mod watch_health;
