//! What time alone brings about.

pub(crate) mod hear_revocations;
pub(crate) mod rotate_keys;
pub(crate) mod sweep;
