//! The classifier from outside.

mod conditions;
mod generated;
mod hostile;
mod mistakes;
mod receipts;
mod reference;
mod sample;
mod traces;
