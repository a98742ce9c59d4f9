//! The second factor: enrolling, proving, removing.

pub(crate) mod confirm;
pub(crate) mod enrol;
pub(crate) mod prove;
pub(crate) mod remove;
pub(crate) mod renew;
