//! The intake: many requests, few commits.
//!
//! Requests queue their entries in a bounded queue; committers take all that waits and store it in one
//! transaction. A request is answered after its group's commit and never before. What finds no room is refused at
//! once: memory is bounded by requests and by bytes. It knows nothing of HTTP or of what the entries mean.

mod committer;
mod queue;

pub(crate) use committer::Committers;
pub(crate) use queue::{Intake, IntakeError};
