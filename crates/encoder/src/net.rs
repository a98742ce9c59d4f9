//! The transformer: six layers over the tokens of several texts laid one behind the other, without padding.

mod attention;
mod bert;
mod linear;
mod norm;
mod table;
mod tensors;

pub(crate) use bert::Bert;
pub(crate) use norm::to_unit_length;
