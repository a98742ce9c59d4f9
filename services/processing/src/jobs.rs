//! What the service does by itself, in the background; each calls a use case.

pub(crate) mod forget_answers;
pub(crate) mod learn;
pub(crate) mod run_runs;
