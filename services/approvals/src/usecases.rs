//! What the service does, one verb per file. Each takes the caller's connection and is one transaction.

mod approve;
mod await_label;
mod claim;
mod decide;
mod open_question;
mod override_;
mod put_questions;
mod release;
mod shelve_questions;

pub(crate) use approve::{ApproveError, approve};
pub(crate) use await_label::{LabelArrivals, label_arrives};
pub(crate) use claim::claim;
pub(crate) use open_question::NotOpen;
pub(crate) use override_::{Override, OverrideError, override_};
pub(crate) use put_questions::put_questions;
pub(crate) use release::release;
pub(crate) use shelve_questions::shelve_questions;
