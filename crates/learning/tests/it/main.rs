//! Learning, seen from outside.

mod chance;
mod confidence;
mod deciding;
mod index;
mod learning_from_people;
mod thresholds;
mod words;
