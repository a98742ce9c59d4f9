//! A tenant's subscription, and what it holds at a time.

use common::DateTime;
use common::event::Access;

/// The plan that a tenant is on, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) plan: String,
    pub(crate) status: String,
    /// Why the status is what it is.
    pub(crate) reason: Option<String>,
    pub(crate) access: Access,
    /// Since when it has this status.
    pub(crate) status_since: Option<DateTime>,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) trial_end: Option<DateTime>,
    /// What the provider bills by; null on the free plan.
    pub(crate) current_period_start: Option<DateTime>,
    pub(crate) current_period_end: Option<DateTime>,
    /// Until when a failed payment is borne with.
    pub(crate) grace_ends_at: Option<DateTime>,
    /// Another plan, agreed for later.
    pub(crate) scheduled_plan: Option<String>,
    pub(crate) scheduled_at: Option<DateTime>,
    pub(crate) provider: Option<String>,
    pub(crate) subscription_id: Option<String>,
    pub(crate) last_event_at: DateTime,
    pub(crate) version: i32,
}

impl Subscription {
    /// The free plan, as every tenant begins.
    pub(crate) fn free(at: DateTime) -> Self {
        Self {
            plan: super::FREE_PLAN.to_owned(),
            status: "active".to_owned(),
            reason: None,
            access: Access::Full,
            status_since: Some(at),
            cancel_at_period_end: false,
            trial_end: None,
            current_period_start: None,
            current_period_end: None,
            grace_ends_at: None,
            scheduled_plan: None,
            scheduled_at: None,
            provider: None,
            subscription_id: None,
            last_event_at: at,
            version: 1,
        }
    }
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
