//! What the service hears, one queue per file: decode, call use cases, say whether to try again.

mod on_usage;

pub(crate) use on_usage::OnUsage;
