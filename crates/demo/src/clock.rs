//! The time of day. The only place of this tool that asks the system for it.

use chrono::{DateTime, SecondsFormat, Utc};

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "a command-line client outside the house: it has no App to ask for a clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Now, in whole seconds since 1970, as signatures carry it.
pub(crate) fn unix_now() -> i64 {
    now().timestamp()
}

/// A moment as the API takes it in query parameters.
pub(crate) fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
