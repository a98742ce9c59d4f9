//! Approvals: the queue of questions that machines put to people, and people's answers.
//!
//! Owns questions, leases and answers, each answered once. It does not own labels or rules: it hears of the
//! former and asks processing for the latter.

mod app;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod openapi;
mod settings;
mod store;
mod usecases;

pub use app::Approvals;
pub use settings::ApprovalsSettings;
