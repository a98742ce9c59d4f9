//! actix glue that every service shares.
//!
//! Extractors refuse bad input with the documented error, [`ApiError`] answers in the one form, [`Reply`] hands
//! the gateway what it needs for the envelope, and [`run`] is what every `main` calls. No business rule is here.

mod body;
mod caller;
mod concurrency;
mod cursor;
mod error;
mod health;
mod idempotency;
mod internal_token;
mod path;
mod query;
mod reply;
mod request_context;
mod resource;
mod server;
mod service;

pub use body::{Body, Check, Lenient, parse_json, read_limited};
pub use caller::Caller;
pub use concurrency::IfMatch;
pub use cursor::{decode_cursor, encode_cursor};
pub use error::ApiError;
pub use health::{Health, HealthCheck, live as health_live, ready as health_ready};
pub use idempotency::{Idempotency, idempotent, idempotent_as};
pub use internal_token::{IDENTITY_HEADER, InternalKeyError, InternalSigner, InternalVerifier, generate_key_pair};
pub use path::Path;
pub use query::{Query, page_limit, parse_query};
pub use reply::{NEXT_CURSOR_HEADER, Reply};
pub use request_context::{RequestContext, TraceMiddleware};
pub use resource::resource;
pub use server::{Limits, serve};
pub use service::{Command, Roles, Service, run, run_command};
