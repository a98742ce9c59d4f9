//! What the service does by itself, in the background; each calls a use case.

pub(crate) mod learn;
