//! The service's tables. The only place that knows diesel; each function takes the caller's connection.

pub(crate) mod approvals;
pub(crate) mod archived;
pub(crate) mod history;
mod json;
pub(crate) mod labels;
pub(crate) mod queue;
mod schema;
pub(crate) mod stats;
