//! What a provider tells: one event, and what it means for us.

use common::{DateTime, TenantId};

use crate::ProviderSubscription;

/// An amount in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217, in capitals.
    pub currency: String,
}

/// How a checkout went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutOutcome {
    /// It was completed and paid, or nothing was to be paid.
    Completed,
    /// It was completed, and the payment takes its time.
    AwaitingPayment,
    /// The awaited payment came.
    PaymentSucceeded,
    /// The awaited payment failed.
    PaymentFailed,
    /// Nobody completed it.
    Expired,
}

/// What became of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceOutcome {
    /// It was paid.
    Paid,
    /// A payment of it failed.
    PaymentFailed,
    /// The customer has to do something, such as confirm a payment.
    ActionRequired,
}

/// What an event says, as far as billing acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A subscription was created, changed, paused, resumed or deleted: its whole state after that.
    Subscription(Box<ProviderSubscription>),
    /// A subscription changed in a way that this build cannot read; its state is to be fetched.
    UnreadableSubscription {
        /// The subscription.
        id: String,
        /// Whom it bills.
        customer: String,
    },
    /// A trial ends soon.
    TrialEnding(Box<ProviderSubscription>),
    /// A checkout went on.
    Checkout {
        /// Who pays.
        customer: Option<String>,
        /// The tenant for whom we began it.
        tenant: Option<TenantId>,
        /// What it began.
        subscription: Option<String>,
        /// How it went on.
        outcome: CheckoutOutcome,
    },
    /// An invoice was paid, or not.
    Invoice {
        /// Whose it is.
        customer: String,
        /// What it bills.
        subscription: Option<String>,
        /// What became of it.
        outcome: InvoiceOutcome,
        /// How much.
        amount: Money,
        /// When the payment is tried again.
        next_attempt: Option<DateTime>,
    },
    /// The customer is gone, and with them every subscription.
    CustomerDeleted {
        /// Who.
        customer: String,
    },
    /// A payment is disputed by who made it, or the dispute came to its end.
    Dispute {
        /// Whose payment; some providers do not say.
        customer: Option<String>,
        /// The disputed payment.
        payment: String,
        /// How much.
        amount: Money,
        /// The provider's word for how the dispute stands.
        status: String,
    },
    /// A payment was given back, wholly or in part.
    Refund {
        /// Whose payment.
        customer: Option<String>,
        /// How much in all.
        amount: Money,
    },
    /// Nothing that billing acts on.
    Other {
        /// Whom it is about, when that can be told.
        customer: Option<String>,
    },
}

/// One event of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The provider's id, the same for every delivery of it.
    pub id: String,
    /// The provider's name for its kind.
    pub kind: String,
    /// When it happened by the provider's clock.
    pub occurred_at: DateTime,
    /// What it says.
    pub notice: Notice,
    /// The event as the provider wrote it, to be stored until it is processed.
    pub body: Vec<u8>,
}

impl Notice {
    /// Whether billing acts on it; anything else is noted and needs no body.
    #[must_use]
    pub const fn is_handled(&self) -> bool {
        !matches!(self, Self::Other { .. })
    }

    /// Whom it is about.
    #[must_use]
    pub fn customer(&self) -> Option<&str> {
        match self {
            Self::Subscription(subscription) | Self::TrialEnding(subscription) => Some(&subscription.customer),
            Self::UnreadableSubscription { customer, .. }
            | Self::Invoice { customer, .. }
            | Self::CustomerDeleted { customer } => Some(customer),
            Self::Checkout { customer, .. }
            | Self::Dispute { customer, .. }
            | Self::Refund { customer, .. }
            | Self::Other { customer } => customer.as_deref(),
        }
    }

    /// The subscription that it is about.
    #[must_use]
    pub fn subscription(&self) -> Option<&str> {
        match self {
            Self::Subscription(subscription) | Self::TrialEnding(subscription) => Some(&subscription.id),
            Self::UnreadableSubscription { id, .. } => Some(id),
            Self::Checkout { subscription, .. } | Self::Invoice { subscription, .. } => subscription.as_deref(),
            Self::CustomerDeleted { .. } | Self::Dispute { .. } | Self::Refund { .. } | Self::Other { .. } => None,
        }
    }

    /// The tenant that we named when we began it.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Subscription(subscription) | Self::TrialEnding(subscription) => subscription.tenant,
            Self::Checkout { tenant, .. } => *tenant,
            _ => None,
        }
    }
}
