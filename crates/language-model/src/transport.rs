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
use crate::error::Unavailable;
use crate::settings::{LanguageModelSettings, RetrySettings};
use guarded::Guarded;
use retry::RetryPolicy;
use time_bound::{Bound, TimeBoundLayer};

/// A call is begun while this part of an attempt's time is left.
const LEAST_PART: u32 = 20;

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

/// The attempts of one call.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    attempts: AtomicU32,
    settled: AtomicU32,
}

impl Meter {
    pub(crate) fn sent(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt whose fate is known.
    pub(crate) fn settled(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }

    /// Attempts that were sent and never answered: they may have to be paid.
    pub(crate) fn in_doubt(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed).saturating_sub(self.settled.load(Ordering::Relaxed))
    }

    /// Whether nothing was sent.
    pub(crate) fn is_unused(&self) -> bool {
        self.attempts.load(Ordering::Relaxed) == 0
    }

    /// A call that ran out of time before its first attempt has waited for a place here, not for the endpoint.
    pub(crate) fn blame(&self, reason: Unavailable) -> Unavailable {
        match reason {
            Unavailable::TimedOut if self.is_unused() => Unavailable::Busy,
            reason => reason,
        }
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
        let left = deadline.saturating_duration_since(Instant::now());
        let least = self.attempt_timeout.min(left) / LEAST_PART;
        let service = ServiceBuilder::new()
            .layer(TimeBoundLayer(Bound::Until(deadline)))
            .layer(GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&self.places)))
            .layer(RetryLayer::new(RetryPolicy::new(self.retry, deadline)))
            .layer(TimeBoundLayer(Bound::Each(self.attempt_timeout)))
            .service(Guarded {
                outbound: self.outbound.clone(),
                clock: Arc::clone(&self.clock),
                meter,
                latest_start: deadline.checked_sub(least).unwrap_or(deadline),
            });
        self.client.clone().with_http_service(service)
    }
}
