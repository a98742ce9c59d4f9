//! `/reports`: figures over periods.

pub(crate) mod summarize;
