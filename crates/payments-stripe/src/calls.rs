//! The trait, call by call.

use std::collections::HashMap;

use async_trait::async_trait;
use common::DateTime;
use payments::{
    CheckoutRequest, CheckoutSession, EventPage, Fetched, NewCustomer, PaymentProvider, ProviderError, ProviderEvent,
    ProviderSubscription, UsageReport, WebhookRefusal,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use stripe_billing::billing_meter_event::CreateBillingMeterEvent;
use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_billing::subscription::{
    CancelSubscription, ListSubscription, ListSubscriptionStatus, RetrieveSubscription,
};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest as _};
use stripe_core::customer::CreateCustomer;
use stripe_core::event::ListEvent;
use stripe_shared::{CheckoutSessionMode, Price};
use stripe_types::{List, RangeQueryTs};

use crate::{NAME, Stripe, read, webhook};

/// Objects of a page.
const PAGE: i64 = 100;
/// A schedule says nothing unless it is shown whole.
const WHOLE: &str = "schedule.phases.items.price";

#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    has_more: bool,
}

#[derive(serde::Serialize)]
struct ByLookupKey<'a> {
    lookup_keys: [&'a str; 1],
    active: bool,
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn create_customer(&self, customer: NewCustomer) -> Result<String, ProviderError> {
        let call = self.transport.call_once(format!("verdict-customer-{}", customer.tenant));
        let metadata = HashMap::from([(read::TENANT.to_owned(), customer.tenant.to_string())]);
        let made = CreateCustomer::new().metadata(metadata).send(&call).await?;
        Ok(made.id.as_str().to_owned())
    }

    async fn checkout_session(&self, request: CheckoutRequest) -> Result<CheckoutSession, ProviderError> {
        let mut items = vec![line(self.price_id(&request.price_ref).await?, Some(1))];
        if let Some(metered) = &request.metered_price_ref {
            items.push(line(self.price_id(metered).await?, None));
        }
        let tenant = request.tenant.to_string();
        let mut data = CreateCheckoutSessionSubscriptionData::new();
        data.metadata = Some(HashMap::from([(read::TENANT.to_owned(), tenant.clone())]));
        data.trial_period_days = request.trial_days;
        let call = self.transport.call_once(request.idempotency_key);
        let session = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .customer(request.customer)
            .client_reference_id(tenant)
            .line_items(items)
            .subscription_data(data)
            .success_url(request.success_url)
            .cancel_url(request.cancel_url)
            .send(&call)
            .await?;
        let url = session.url.ok_or_else(|| ProviderError::Malformed("the session has no page".into()))?;
        Ok(CheckoutSession { id: session.id.as_str().to_owned(), url, expires_at: read::time(session.expires_at)? })
    }

    async fn portal_link(&self, customer: &str, return_url: &str) -> Result<String, ProviderError> {
        let request = CreateBillingPortalSession::new().customer(customer).return_url(return_url);
        Ok(request.send(&self.transport.call()).await?.url)
    }

    async fn fetch_subscription(&self, id: &str) -> Result<Fetched<ProviderSubscription>, ProviderError> {
        let call = self.transport.call();
        let theirs = RetrieveSubscription::new(id).expand([WHOLE.to_owned()]).send(&call).await?;
        Ok(Fetched { value: read::subscription(&theirs)?, as_of: call.as_of()? })
    }

    async fn subscriptions_of(&self, customer: &str) -> Result<Fetched<Vec<ProviderSubscription>>, ProviderError> {
        let call = self.transport.call();
        let theirs = ListSubscription::new()
            .customer(customer)
            .status(ListSubscriptionStatus::All)
            .limit(PAGE)
            .send(&call)
            .await?;
        let mut value = Vec::with_capacity(theirs.data.len());
        for one in &theirs.data {
            // A list may not be expanded as deep as a schedule's prices; those few are asked for one by one.
            value.push(match read::subscription(one) {
                Ok(read) => read,
                Err(_) => self.fetch_subscription(one.id.as_str()).await?.value,
            });
        }
        Ok(Fetched { value, as_of: call.as_of()? })
    }

    async fn cancel_subscription(&self, id: &str) -> Result<Fetched<ProviderSubscription>, ProviderError> {
        let call = self.transport.call();
        let theirs = CancelSubscription::new(id).send(&call).await?;
        Ok(Fetched { value: read::subscription(&theirs)?, as_of: call.as_of()? })
    }

    async fn events_since(&self, since: DateTime, cursor: Option<&str>) -> Result<EventPage, ProviderError> {
        let created = RangeQueryTs::gte(since.timestamp());
        let mut request = ListEvent::new().created(created).limit(PAGE);
        if let Some(cursor) = cursor {
            request = request.starting_after(cursor);
        }
        let body = self.transport.call().run(&request.build()).await?;
        let page: Events<'_> =
            serde_json::from_slice(&body).map_err(|error| ProviderError::Malformed(error.to_string()))?;
        let events: Vec<ProviderEvent> =
            page.data.iter().map(|event| webhook::parse(event.get().as_bytes())).collect::<Result<_, _>>()?;
        let next = events.last().filter(|_| page.has_more).map(|event| event.id.clone());
        Ok(EventPage { events, next })
    }

    fn verify_webhook(
        &self,
        header: &dyn Fn(&str) -> Option<String>,
        body: &[u8],
        now: DateTime,
    ) -> Result<(), WebhookRefusal> {
        let header = header("stripe-signature").ok_or(WebhookRefusal::Missing)?;
        self.secrets.verify(&header, body, now)
    }

    fn parse_webhook(&self, body: &[u8]) -> Result<ProviderEvent, ProviderError> {
        webhook::parse(body)
    }

    async fn report_usage(&self, report: UsageReport) -> Result<(), ProviderError> {
        let payload = HashMap::from([
            ("stripe_customer_id".to_owned(), report.customer),
            ("value".to_owned(), report.quantity.to_string()),
        ]);
        // The identifier holds for longer than an Idempotency-Key does.
        let request = CreateBillingMeterEvent::new(report.meter, payload)
            .identifier(report.idempotency_key.clone())
            .timestamp(report.at.timestamp());
        let sent = request.send(&self.transport.call_once(report.idempotency_key)).await;
        match sent.map_err(ProviderError::from) {
            Ok(_) => Ok(()),
            // It arrived before, and nobody heard the answer.
            Err(ProviderError::Refused { message, .. }) if message.contains("already exists with identifier") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Stripe {
    /// The price's id; a lookup key is the same in test and live mode, an id is not.
    async fn price_id(&self, reference: &str) -> Result<String, ProviderError> {
        if reference.starts_with("price_") {
            return Ok(reference.to_owned());
        }
        let request = RequestBuilder::new(StripeMethod::Get, "/prices")
            .query(&ByLookupKey { lookup_keys: [reference], active: true });
        let found = request.customize::<List<Price>>().send(&self.transport.call()).await?;
        let price = found.data.first().ok_or_else(|| ProviderError::Refused {
            code: Some("price_missing".into()),
            message: format!("there is no active price with the lookup key {reference:?}"),
        })?;
        Ok(price.id.as_str().to_owned())
    }
}

fn line(price: String, quantity: Option<u64>) -> CreateCheckoutSessionLineItems {
    let mut item = CreateCheckoutSessionLineItems::new();
    item.price = Some(price);
    item.quantity = quantity;
    item
}
