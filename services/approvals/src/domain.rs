//! What a question is and who may answer it. Pure: no database, no HTTP, no clock.

mod approval;
mod history;
mod lease;
mod rule_wish;
mod status;

pub(crate) use approval::{Answer, Approval, Refusal};
pub(crate) use history::{Action, HistoryEntry};
pub(crate) use lease::Lease;
pub(crate) use rule_wish::{RuleWish, status_of_wish};
pub(crate) use status::ApprovalStatus;
