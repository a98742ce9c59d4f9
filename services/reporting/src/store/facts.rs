//! The counts behind reports: added to by batches, summed up by period.

mod add;
mod sum;

pub(crate) use add::add;
pub(crate) use sum::{backlog, latency, sums};
