//! Stripe as a payment provider: the only crate that names it (ADR 1).
//!
//! Requests and objects are those of async-stripe; calls go through the house's guarded client, and webhooks are
//! verified here, over the raw bytes. Nothing is stored and nothing is decided.

mod calls;
mod read;
mod signature;
mod transport;
mod webhook;

use outbound::Outbound;
use settings::SecretString;

use crate::signature::Secrets;
use crate::transport::Transport;

/// Its name in paths, tables and answers.
pub const NAME: &str = "stripe";
/// Where Stripe's API is.
const API: &str = "https://api.stripe.com";

/// What it takes to speak with an account at Stripe.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// Another place than Stripe's own, for a double.
    pub api_base: Option<String>,
    /// A secret or restricted key.
    pub secret_key: SecretString,
    /// The signing secrets of the webhook endpoint: the present one, and during a rotation the one before.
    pub webhook_secrets: Vec<SecretString>,
    /// How far the signed time may be from now, in seconds.
    pub tolerance_seconds: u32,
}

/// Stripe.
#[derive(Debug)]
pub struct Stripe {
    transport: Transport,
    secrets: Secrets,
}

impl Stripe {
    /// An account at Stripe.
    #[must_use]
    pub fn new(settings: &StripeSettings, outbound: Outbound) -> Self {
        let base = settings.api_base.as_deref().unwrap_or(API).trim_end_matches('/').to_owned();
        Self {
            transport: Transport::new(outbound, base, settings.secret_key.clone()),
            secrets: Secrets::new(&settings.webhook_secrets, settings.tolerance_seconds),
        }
    }
}
