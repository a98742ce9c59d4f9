//! How far a score can be believed: calibration, thresholds, audits and sets of possible labels.
//!
//! All of it rests on *closed* decisions: those that a person has confirmed or corrected. A decision that nobody looked at
//! says nothing, and one that was looked at by chance speaks for all that were not.

pub mod audit;
pub mod beta;
pub mod by_label;
pub mod calibrator;
pub mod closed;
pub mod conformal;
mod isotonic;
mod logistic;
pub mod next_step;
pub mod novelty;
pub mod reliability;
pub mod threshold;

pub use audit::{AuditSettings, Standing};
pub use by_label::Thresholds;
pub use calibrator::Calibrator;
pub use closed::Closed;
pub use conformal::Conformal;
pub use novelty::Novelty;
pub use reliability::Reliability;
pub use threshold::{Evidence, Target, Threshold};
