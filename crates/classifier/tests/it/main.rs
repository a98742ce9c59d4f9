//! The classifier from outside.

mod conditions;
mod generated;
mod hostile;
mod indexed;
mod mistakes;
mod receipts;
mod reference;
mod sample;
mod traces;
