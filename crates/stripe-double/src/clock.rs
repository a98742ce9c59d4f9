//! The double's time: the machine's, moved forward by hand.

/// Seconds since 1970 by the machine.
#[expect(clippy::disallowed_methods, reason = "the double stands outside of the house and has no clock of its")]
pub(crate) fn machine() -> i64 {
    chrono::Utc::now().timestamp()
}
