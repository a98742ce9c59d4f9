//! Customers who are invoiced: an operator says by command line what they are on, and nothing is sold on pages.

use async_trait::async_trait;
use common::DateTime;
use payments::{
    CheckoutRequest, CheckoutSession, EventPage, Fetched, NewCustomer, PaymentProvider, ProviderError, ProviderEvent,
    ProviderSubscription, UsageReport, WebhookRefusal,
};

use crate::domain::MANUAL;

/// The provider without a provider: what it knows is in our own tables, so there is nothing to fetch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manual;

#[async_trait]
impl PaymentProvider for Manual {
    fn name(&self) -> &'static str {
        MANUAL
    }

    async fn create_customer(&self, customer: NewCustomer) -> Result<String, ProviderError> {
        Ok(customer.tenant.to_string())
    }

    async fn checkout_session(&self, _: CheckoutRequest) -> Result<CheckoutSession, ProviderError> {
        Err(ProviderError::NotOffered("checkout page"))
    }

    async fn portal_link(&self, _: &str, _: &str) -> Result<String, ProviderError> {
        Err(ProviderError::NotOffered("portal"))
    }

    async fn fetch_subscription(&self, _: &str) -> Result<Fetched<ProviderSubscription>, ProviderError> {
        Err(ProviderError::NotOffered("place to fetch from"))
    }

    async fn subscriptions_of(&self, _: &str) -> Result<Fetched<Vec<ProviderSubscription>>, ProviderError> {
        Err(ProviderError::NotOffered("place to fetch from"))
    }

    async fn cancel_subscription(&self, _: &str) -> Result<Fetched<ProviderSubscription>, ProviderError> {
        Err(ProviderError::NotOffered("place to cancel at"))
    }

    async fn events_since(&self, _: DateTime, _: Option<&str>) -> Result<EventPage, ProviderError> {
        Ok(EventPage { events: Vec::new(), next: None })
    }

    fn verify_webhook(&self, _: &dyn Fn(&str) -> Option<String>, _: &[u8], _: DateTime) -> Result<(), WebhookRefusal> {
        Err(WebhookRefusal::Mismatch)
    }

    fn parse_webhook(&self, _: &[u8]) -> Result<ProviderEvent, ProviderError> {
        Err(ProviderError::NotOffered("webhook"))
    }

    async fn report_usage(&self, _: UsageReport) -> Result<(), ProviderError> {
        Err(ProviderError::NotOffered("meter"))
    }
}
