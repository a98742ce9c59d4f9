//! Learning, seen from outside.

mod by_label;
mod chance;
mod confidence;
mod deciding;
mod index;
mod learning_from_people;
mod policy;
mod thresholds;
mod vector;
mod words;
