//! A tenant's subscription, and what it holds at a time.

use common::DateTime;

/// The plan that a tenant is on, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) plan: String,
    pub(crate) status: String,
    /// Why the status is what it is.
    pub(crate) reason: Option<String>,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) trial_end: Option<DateTime>,
    pub(crate) last_event_at: DateTime,
}

/// What counts against a plan for as long as it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum HoldingKind {
    Seat,
    Integration,
}

impl HoldingKind {
    /// The name in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Seat => "seat",
            Self::Integration => "integration",
        }
    }
}
