//! The trait, and what it is asked.

use std::fmt::Debug;

use async_trait::async_trait;
use common::{DateTime, TenantId};

use crate::{ProviderError, ProviderEvent, ProviderSubscription, WebhookRefusal};

/// A customer to be made.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// Whom they pay for; the provider keeps it, so that a lost answer can be recovered.
    pub tenant: TenantId,
}

/// A wish to subscribe on the provider's own pages.
#[derive(Clone, Debug)]
pub struct CheckoutRequest {
    /// Who pays.
    pub customer: String,
    /// For whom; comes back in every event.
    pub tenant: TenantId,
    /// The price, by id or lookup key.
    pub price_ref: String,
    /// A further, metered price for what exceeds the plan.
    pub metered_price_ref: Option<String>,
    /// Days on trial before the first payment.
    pub trial_days: Option<u32>,
    /// Where the browser goes after paying.
    pub success_url: String,
    /// Where it goes without paying.
    pub cancel_url: String,
    /// The same key makes the same session.
    pub idempotency_key: String,
}

/// A page on which to subscribe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutSession {
    /// The provider's id.
    pub id: String,
    /// The page.
    pub url: String,
    /// Until when it works.
    pub expires_at: DateTime,
}

/// Something as it was at the provider at a time of the provider's clock.
#[derive(Clone, Debug)]
pub struct Fetched<T> {
    /// What was there.
    pub value: T,
    /// When, by the provider's clock.
    pub as_of: DateTime,
}

/// A page of events, the oldest first.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<ProviderEvent>,
    /// Give this to get what follows; `None` at the end.
    pub next: Option<String>,
}

/// What a tenant used beyond its plan, for a metered price.
#[derive(Clone, Debug)]
pub struct UsageReport {
    /// Who pays.
    pub customer: String,
    /// The provider's name for what is measured.
    pub meter: String,
    /// How much more since the last report.
    pub quantity: u64,
    /// When.
    pub at: DateTime,
    /// The same key counts once.
    pub idempotency_key: String,
}

/// A payment provider.
#[async_trait]
pub trait PaymentProvider: Debug + Send + Sync {
    /// Its name in paths, tables and answers.
    fn name(&self) -> &'static str;

    /// Makes a customer; for the same tenant the same one, for as long as the provider remembers.
    async fn create_customer(&self, customer: NewCustomer) -> Result<String, ProviderError>;

    /// Makes a page on which to subscribe.
    async fn checkout_session(&self, request: CheckoutRequest) -> Result<CheckoutSession, ProviderError>;

    /// A link to where the customer manages what they subscribed to.
    async fn portal_link(&self, customer: &str, return_url: &str) -> Result<String, ProviderError>;

    /// The present state of a subscription.
    async fn fetch_subscription(&self, id: &str) -> Result<Fetched<ProviderSubscription>, ProviderError>;

    /// Every subscription of a customer, ended ones too.
    async fn subscriptions_of(&self, customer: &str) -> Result<Fetched<Vec<ProviderSubscription>>, ProviderError>;

    /// Ends a subscription at once.
    async fn cancel_subscription(&self, id: &str) -> Result<Fetched<ProviderSubscription>, ProviderError>;

    /// The events that happened since a time, the oldest first.
    async fn events_since(&self, since: DateTime, cursor: Option<&str>) -> Result<EventPage, ProviderError>;

    /// Whether the provider signed these bytes, now.
    ///
    /// # Errors
    /// Why they are not taken for the provider's.
    fn verify_webhook(
        &self,
        header: &dyn Fn(&str) -> Option<String>,
        body: &[u8],
        now: DateTime,
    ) -> Result<(), WebhookRefusal>;

    /// Reads an event; not before its signature was verified.
    ///
    /// # Errors
    /// [`ProviderError::Malformed`].
    fn parse_webhook(&self, body: &[u8]) -> Result<ProviderEvent, ProviderError>;

    /// Reports usage for a metered price.
    async fn report_usage(&self, report: UsageReport) -> Result<(), ProviderError>;
}
