//! The full contract as OpenAPI 3.1: the gateway's own calls and those of the services, each in the envelope.

mod answers;
mod compose;
pub(crate) mod http;
mod own;
mod schemas;
mod table;

pub use compose::document;
pub(crate) use own::own;
pub use table::{errors_by_call, errors_page};
