//! How a call reaches the endpoint: deadline → concurrency limit → retry → timeout of the attempt → guarded client.
//!
//! The deadline stands outermost, so that the wait for a free place counts too. The innermost service reads the whole
//! answer and passes on only what succeeded and is JSON: the client library logs bodies that it cannot read, and so never
//! sees one.

mod guarded;
mod retry;
mod retry_after;
mod time_bound;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_openai::Client;
use common::clock::Clock;
use outbound::{Outbound, OutboundSettings};
use settings::SettingsError;
use tokio::sync::Semaphore;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::retry::RetryLayer;

use crate::endpoint::Endpoint;
use crate::settings::{LanguageModelSettings, RetrySettings};
use guarded::Guarded;
use retry::RetryPolicy;
use time_bound::{Bound, TimeBoundLayer};

/// What is shared by all calls to one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client<Endpoint>,
    outbound: Outbound,
    places: Arc<Semaphore>,
    attempt_timeout: Duration,
    retry: RetrySettings,
    clock: Arc<dyn Clock>,
}

/// Attempts of one call that were sent and never answered: they may have to be paid.
#[derive(Debug, Default)]
pub(crate) struct Meter(AtomicU32);

impl Meter {
    pub(crate) fn sent(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt whose fate is known.
    pub(crate) fn settled(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn in_doubt(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Transport {
    pub(crate) fn new(
        settings: &LanguageModelSettings,
        outbound: &OutboundSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let guarded = OutboundSettings {
            total_timeout_millis: settings.attempt_timeout_millis,
            max_response_bytes: settings.max_response_bytes,
            ..outbound.clone()
        };
        let outbound = Outbound::new(&guarded)?;
        outbound
            .check(&settings.base_url)
            .map_err(|error| SettingsError::invalid("language_model.base_url", error.to_string()))?;
        // Only builds requests, it sends none: no proxy, no authorities.
        let builder = reqwest::Client::builder().no_proxy().tls_certs_only(std::iter::empty());
        let builder = builder
            .build()
            .map_err(|error| SettingsError::invalid("language_model", format!("no client can be built: {error}")))?;
        Ok(Self {
            client: Client::build(builder, Endpoint::new(settings)?),
            outbound,
            places: Arc::new(Semaphore::new(settings.max_concurrent_calls)),
            attempt_timeout: Duration::from_millis(settings.attempt_timeout_millis),
            retry: settings.retry,
            clock,
        })
    }

    /// A client for one call, with the layers around it.
    pub(crate) fn client(&self, deadline: Instant, meter: Arc<Meter>) -> Client<Endpoint> {
        let service = ServiceBuilder::new()
            .layer(TimeBoundLayer(Bound::Until(deadline)))
            .layer(GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&self.places)))
            .layer(RetryLayer::new(RetryPolicy::new(self.retry, deadline)))
            .layer(TimeBoundLayer(Bound::Each(self.attempt_timeout)))
            .service(Guarded { outbound: self.outbound.clone(), clock: Arc::clone(&self.clock), meter });
        self.client.clone().with_http_service(service)
    }
}
