//! A subscription as its provider knows it.

use common::{DateTime, TenantId};
use serde::{Deserialize, Serialize};

/// How a subscription stands, in the field's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The first payment is awaited.
    Incomplete,
    /// The first payment never came.
    IncompleteExpired,
    /// On trial.
    Trialing,
    /// Paid.
    Active,
    /// A payment failed and is tried again.
    PastDue,
    /// A payment failed for good; the provider goes on billing.
    Unpaid,
    /// Collection is paused.
    Paused,
    /// Over.
    Canceled,
}

impl SubscriptionStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Trialing,
        Self::Active,
        Self::PastDue,
        Self::Unpaid,
        Self::Paused,
        Self::Canceled,
    ];

    /// The name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing follows: a provider never brings such a subscription back.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

/// Another price from a time on, already agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledChange {
    /// The names of the price, as in [`ProviderSubscription::price_refs`].
    pub price_refs: Vec<String>,
    /// From when.
    pub at: DateTime,
}

/// The whole state of a subscription at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSubscription {
    /// The provider's id.
    pub id: String,
    /// The provider's id of whom it bills.
    pub customer: String,
    /// The tenant that it was begun for, where the provider kept that.
    pub tenant: Option<TenantId>,
    /// Every name by which plans may refer to its price: the id and, if there is one, the lookup key.
    pub price_refs: Vec<String>,
    /// How it stands.
    pub status: SubscriptionStatus,
    /// Whether it ends with the running period.
    pub cancel_at_period_end: bool,
    /// When its trial ends or ended.
    pub trial_end: Option<DateTime>,
    /// When the running period began.
    pub current_period_start: Option<DateTime>,
    /// When the running period ends.
    pub current_period_end: Option<DateTime>,
    /// Another price that was agreed for later.
    pub scheduled: Option<ScheduledChange>,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it ended.
    pub ended_at: Option<DateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for status in SubscriptionStatus::ALL {
            assert_eq!(SubscriptionStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(SubscriptionStatus::parse("ended"), None);
    }
}
