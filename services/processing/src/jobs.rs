//! What runs by the clock.

pub(crate) mod forget_answers;
pub(crate) mod run_runs;
