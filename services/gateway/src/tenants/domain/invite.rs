//! What an invite is worth at a moment, and why its link is worth nothing.

use common::DateTime;

/// The state of an invite, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InviteStatus {
    /// It can be accepted.
    Pending,
    /// Somebody became a member by it.
    Accepted,
    /// It was taken back, or its inviter was removed.
    Revoked,
    /// Its time is over; it can be sent again.
    Expired,
}

/// Why a link is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// No invite ever had it.
    Unknown,
    /// A newer link was sent.
    Superseded,
    /// It was accepted before.
    Accepted,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
    /// Whoever invited may not do so any more.
    InviterGone,
}

impl InviteStatus {
    /// The state at `now`.
    pub(crate) fn at(
        now: DateTime,
        expires_at: DateTime,
        accepted_at: Option<DateTime>,
        revoked_at: Option<DateTime>,
    ) -> Self {
        match (accepted_at, revoked_at) {
            (Some(_), _) => Self::Accepted,
            (None, Some(_)) => Self::Revoked,
            (None, None) if now >= expires_at => Self::Expired,
            (None, None) => Self::Pending,
        }
    }

    /// The name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// Why an invite in this state cannot be accepted by a link; `None` when it can.
    pub(crate) const fn refusal(self, is_newest: bool) -> Option<Unusable> {
        match self {
            Self::Accepted => Some(Unusable::Accepted),
            Self::Revoked => Some(Unusable::Revoked),
            Self::Pending | Self::Expired if !is_newest => Some(Unusable::Superseded),
            Self::Expired => Some(Unusable::Expired),
            Self::Pending => None,
        }
    }
}

impl Unusable {
    /// `context.reason`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Superseded => "superseded",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::InviterGone => "inviter_gone",
        }
    }

    /// What happened and what to do.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::Unknown => "No invite has this link. Copy it whole from the letter, or ask for a new invite.",
            Self::Superseded => "A newer invite was sent to you. Use the link in the latest letter.",
            Self::Accepted => "This invite was accepted before. Sign in instead.",
            Self::Revoked => "This invite was taken back. Ask whoever invited you.",
            Self::Expired => "This invite is too old. Ask for it to be sent again.",
            Self::InviterGone => "Whoever invited you may not do so any more. Ask somebody else there for an invite.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use common::{Clock as _, SystemClock};

    #[test]
    fn each_state_has_its_answer() {
        let now = SystemClock.now();
        let (past, future) = (now - Duration::days(1), now + Duration::days(1));
        let cases = [
            ((future, None, None), true, InviteStatus::Pending, None),
            ((future, None, None), false, InviteStatus::Pending, Some(Unusable::Superseded)),
            ((now, None, None), true, InviteStatus::Expired, Some(Unusable::Expired)),
            ((past, Some(past), None), true, InviteStatus::Accepted, Some(Unusable::Accepted)),
            ((future, None, Some(past)), false, InviteStatus::Revoked, Some(Unusable::Revoked)),
        ];
        for ((expires_at, accepted_at, revoked_at), is_newest, status, refusal) in cases {
            let found = InviteStatus::at(now, expires_at, accepted_at, revoked_at);
            assert_eq!((found, found.refusal(is_newest)), (status, refusal));
        }
    }
}
