//! Learning from people, as pure functions: exemplars, a fitted head, what spreads to undecided records, and how far a
//! score can be believed.
//!
//! No HTTP, no SQL, no clock, no randomness, one thread: the same exemplars give the same model, and the same model the
//! same decision, bit for bit. Texts are vectors here already; labels are numbers, by their place in a list of names.

pub mod confidence;
pub mod decide;
pub mod head;
pub mod index;
pub mod memory;
pub mod model;
pub mod policy;
pub mod settled;
pub mod softmax;
pub mod spread;
pub mod vector;
pub mod words;

pub use confidence::{
    Calibrator, Closed, Conformal, Evidence, Novelty, Reliability, Standing, Target, Threshold, Thresholds,
};
pub use decide::{Decision, Reason, Route, decide};
pub use head::{FitSettings, Head};
pub use index::{Index, Neighbour};
pub use memory::{Inferred, Memory, Seen, Shares};
pub use model::{Description, Model, ModelSettings, Scored};
pub use policy::{Outcome, Policy, PolicySettings};
pub use spread::SpreadSettings;
pub use words::words_of;
