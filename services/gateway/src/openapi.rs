//! The full contract as OpenAPI 3.1: the gateway's own calls and those of the services, each in the envelope.

mod compose;
pub(crate) mod http;
mod own;
mod schemas;

pub use compose::document;
pub(crate) use own::own;
