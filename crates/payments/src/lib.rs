//! What billing needs of a payment provider, in the words of the field.
//!
//! One trait, and the types that it speaks in. No provider is named here, and nothing here does I/O: each
//! implementation is a crate of its own or, for invoiced customers, a module of billing.

mod error;
mod event;
mod provider;
mod subscription;

pub use error::{ProviderError, WebhookRefusal};
pub use event::{CheckoutOutcome, InvoiceOutcome, Money, Notice, ProviderEvent};
pub use provider::{CheckoutRequest, CheckoutSession, EventPage, Fetched, NewCustomer, PaymentProvider, UsageReport};
pub use subscription::{ProviderSubscription, ScheduledChange, SubscriptionStatus};
