//! What the gateway asks of tenants' identity providers: where they are, their keys, tokens for codes; and of the name
//! service, whose a domain is. Every call goes through the guarded client.
//!
//! What a provider publishes is remembered for some minutes, for a bounded number of providers. It knows no account.

mod dns;
mod exchange;
mod keys;
mod metadata;

use std::sync::Arc;
use std::time::Duration;

use common::DateTime;
use jsonwebtoken::jwk::Jwk;
use moka::sync::Cache;
use outbound::{Outbound, OutboundError, OutboundRequest};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::domain::id_token::TokenFault;
use crate::settings::SignInSettings;

pub(crate) use dns::record_name;
pub(crate) use exchange::{Client, Grant};
pub(crate) use metadata::Metadata;

/// Providers whose metadata and keys are remembered.
const REMEMBERED: u64 = 1_000;
/// How old what is remembered may get.
const FRESH: chrono::Duration = chrono::Duration::minutes(10);
/// Longest answer of a provider, in bytes.
const MAX_BYTES: usize = 512 << 10;

/// Asks providers.
#[derive(Clone)]
pub(crate) struct Providers {
    outbound: Outbound,
    patience: Duration,
    /// How long a key that is unknown makes nobody look again, after one did.
    pause: chrono::Duration,
    resolver: Arc<str>,
    known: Cache<String, Slot>,
}

/// What is remembered of one provider. The lock is held while it is asked, so that a crowd asks once.
type Slot = Arc<Mutex<Option<Known>>>;

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<Vec<Jwk>>,
    read_at: DateTime,
    missed_at: Option<DateTime>,
}

/// Why a provider's answer is none that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It cannot be reached, or not from here.
    #[error("the identity provider cannot be reached")]
    Outbound(#[from] OutboundError),
    /// It answers with a failure of its own.
    #[error("the identity provider answers {0}")]
    Failing(u16),
    /// What it publishes cannot be used.
    #[error("the identity provider's metadata cannot be used: {0}")]
    Metadata(&'static str),
    /// It takes the code for wrong, as it would any that is made up, spent or another client's.
    #[error("the identity provider refuses the code")]
    Code,
    /// It refuses us; in its own word. Most often the client's secret is another one by now.
    #[error("the identity provider refuses the client: {0}")]
    Client(String),
    /// Its token is not the one that was asked for.
    #[error("the identity provider's token is not taken: {0}")]
    Token(#[from] TokenFault),
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").field("known", &self.known.entry_count()).finish_non_exhaustive()
    }
}

impl Providers {
    /// Nobody is known yet.
    pub(crate) fn new(outbound: Outbound, settings: &SignInSettings) -> Self {
        Self {
            outbound,
            patience: Duration::from_millis(settings.patience_millis),
            pause: chrono::Duration::seconds(settings.key_pause_seconds),
            resolver: settings.resolver_url.as_str().into(),
            known: Cache::builder().max_capacity(REMEMBERED).build(),
        }
    }

    /// What a provider publishes about itself.
    ///
    /// # Errors
    /// When it cannot be had, or used.
    pub(crate) async fn metadata(&self, issuer: &str, now: DateTime) -> Result<Arc<Metadata>, ProviderError> {
        Ok(self.known(issuer, now).await?.metadata)
    }

    async fn known(&self, issuer: &str, now: DateTime) -> Result<Known, ProviderError> {
        let slot = self.slot(issuer);
        let mut known = slot.lock().await;
        if let Some(fresh) = known.as_ref().filter(|known| now - known.read_at < FRESH) {
            return Ok(fresh.clone());
        }
        let metadata = Arc::new(metadata::read(self, issuer).await?);
        let keys = Arc::new(keys::read(self, &metadata).await?);
        Ok(known.insert(Known { metadata, keys, read_at: now, missed_at: None }).clone())
    }

    fn slot(&self, issuer: &str) -> Slot {
        self.known.get_with(issuer.to_owned(), Slot::default)
    }

    /// A document that the provider publishes.
    async fn fetch<T: DeserializeOwned>(&self, url: &str) -> Result<T, ProviderError> {
        let request = OutboundRequest::get(url)?.within(self.patience, MAX_BYTES);
        let answer = self.outbound.send(request).await?;
        if answer.status.is_success() {
            Ok(answer.json()?)
        } else {
            Err(ProviderError::Failing(answer.status.as_u16()))
        }
    }
}
