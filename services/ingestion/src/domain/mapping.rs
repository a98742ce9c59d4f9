//! Mappings: which places of a source's JSON become which fields of a record.
//!
//! A mapping is declarative JSON, compiled once for each source. Its paths form one tree, so that a body is walked
//! once and only what a path names is kept. Mapping never fails: what a body lacks is left out.

mod apply;
mod attachments;
mod clean;
mod compact;
mod definition;
mod explain;
mod expression;
mod extract;
mod path;
#[cfg(test)]
mod properties;

pub(crate) use apply::Mapped;
pub(crate) use attachments::{Attachment, Attachments};
pub(crate) use compact::compact;
pub(crate) use explain::{ExplainError, Explained, FieldOrigin, Problem, explain};
pub(crate) use path::Place;

use expression::Expression;
use extract::Tree;

/// A compiled mapping.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    tree: Tree,
    slots: usize,
    fields: Fields,
}

/// One expression for each field, first usable one wins.
#[derive(Clone, Debug, Default)]
struct Fields {
    /// Not of the record: the provider's id of the delivery.
    delivery_id: Vec<Expression>,
    external_id: Vec<Expression>,
    title: Vec<Expression>,
    text: Vec<Expression>,
    amount: Vec<Expression>,
    currency: Vec<Expression>,
    counterparty: Vec<Expression>,
    occurred_at: Vec<Expression>,
    /// Objects whose entries all become attributes.
    spread: Vec<Expression>,
    attributes: Vec<(String, Vec<Expression>)>,
}
