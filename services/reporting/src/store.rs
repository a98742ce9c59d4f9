//! The only place that knows diesel. Functions take a connection, so that they compose into one transaction.

pub(crate) mod facts;
pub(crate) mod feed;
mod raw_json;
mod schema;
