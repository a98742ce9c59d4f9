//! What a refresh token that comes in is worth.

use chrono::Duration;
use common::DateTime;

/// How long a client whose answer got lost may ask again with the token that it used.
const GRACE: Duration = Duration::seconds(10);

/// What is known of a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenState {
    /// When its family ended, if it did.
    pub session_ended: bool,
    /// When it ends by itself.
    pub expires_at: DateTime,
    /// When it was exchanged, if it was.
    pub used_at: Option<DateTime>,
    /// Whether what it was exchanged for was exchanged in turn.
    pub successor_used: bool,
}

/// What to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exchange it for a new one.
    Rotate,
    /// Give the present one again.
    Repeat,
    /// Somebody has a copy: end the family.
    Reused,
    /// It is worth nothing any more.
    Refuse,
}

impl TokenState {
    /// Decides.
    pub(crate) fn judge(&self, now: DateTime) -> Verdict {
        match self.used_at {
            _ if self.session_ended => Verdict::Refuse,
            None if now >= self.expires_at => Verdict::Refuse,
            None => Verdict::Rotate,
            Some(used_at) if !self.successor_used && now - used_at <= GRACE => Verdict::Repeat,
            Some(_) => Verdict::Reused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};

    #[test]
    fn only_the_immediate_parent_is_forgiven_and_only_for_a_moment() {
        let now = SystemClock.now();
        let fresh = TokenState {
            session_ended: false,
            expires_at: now + Duration::days(1),
            used_at: None,
            successor_used: false,
        };
        let used = |seconds| TokenState { used_at: Some(now - Duration::seconds(seconds)), ..fresh };
        let cases = [
            (fresh, Verdict::Rotate),
            (TokenState { expires_at: now, ..fresh }, Verdict::Refuse),
            (TokenState { session_ended: true, ..fresh }, Verdict::Refuse),
            (used(0), Verdict::Repeat),
            (used(10), Verdict::Repeat),
            (used(11), Verdict::Reused),
            (TokenState { successor_used: true, ..used(1) }, Verdict::Reused),
            (TokenState { session_ended: true, ..used(1) }, Verdict::Refuse),
        ];
        for (state, expected) in cases {
            assert_eq!(state.judge(now), expected, "{state:?}");
        }
    }
}
