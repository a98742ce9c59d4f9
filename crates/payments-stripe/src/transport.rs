//! How requests of async-stripe travel: through the guarded client, retried where that is safe.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use common::DateTime;
use outbound::{Method, Outbound, OutboundError, OutboundRequest, OutboundResponse, StatusCode};
use payments::ProviderError;
use serde::Deserialize;
use settings::SecretString;
use stripe_client_core::{
    CustomizedStripeRequest, RequestBuilder, StripeClient, StripeClientErr, StripeMethod, VERSION,
};

/// Tries of a call that may be repeated.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The way to an account.
#[derive(Debug)]
pub(crate) struct Transport {
    outbound: Outbound,
    base: String,
    key: SecretString,
}

/// One call: its idempotency key going, the provider's time coming back.
pub(crate) struct Call<'a> {
    transport: &'a Transport,
    idempotency_key: Option<String>,
    as_of: Mutex<Option<DateTime>>,
}

/// [`ProviderError`] as async-stripe wants to make it.
#[derive(Debug)]
pub(crate) struct CallError(pub(crate) ProviderError);

#[derive(Deserialize)]
struct Envelope {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    code: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

impl Transport {
    pub(crate) const fn new(outbound: Outbound, base: String, key: SecretString) -> Self {
        Self { outbound, base, key }
    }

    /// A call without side effects.
    pub(crate) const fn call(&self) -> Call<'_> {
        Call { transport: self, idempotency_key: None, as_of: Mutex::new(None) }
    }

    /// A call whose effect happens once for the key.
    pub(crate) const fn call_once(&self, key: String) -> Call<'_> {
        Call { transport: self, idempotency_key: Some(key), as_of: Mutex::new(None) }
    }
}

impl Call<'_> {
    /// The provider's time at the answer. Its `Date` has whole seconds, and the state may be newer than that.
    pub(crate) fn as_of(&self) -> Result<DateTime, ProviderError> {
        let known = *self.as_of.lock().unwrap_or_else(PoisonError::into_inner);
        known.ok_or_else(|| ProviderError::Malformed("there is no Date header".into()))
    }

    /// Makes the call and returns the body of a good answer.
    pub(crate) async fn run(&self, request: &RequestBuilder) -> Result<Bytes, ProviderError> {
        let is_repeatable = self.idempotency_key.is_some() || !matches!(request.method, StripeMethod::Post);
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            match self.attempt(request).await {
                Err(error) if error.is_transient() && is_repeatable && tries < TRIES => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, request: &RequestBuilder) -> Result<Bytes, ProviderError> {
        let outgoing = self.outgoing(request).map_err(|error| ProviderError::Malformed(error.to_string()))?;
        let answer = self.transport.outbound.send(outgoing).await.map_err(unreachable)?;
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let date = answer.header("date").and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
        *self.as_of.lock().unwrap_or_else(PoisonError::into_inner) = date.map(Into::into);
        Ok(answer.body)
    }

    fn outgoing(&self, request: &RequestBuilder) -> Result<OutboundRequest, OutboundError> {
        let query = request.query.as_deref().filter(|query| !query.is_empty());
        let url = format!(
            "{}/v1{}{}{}",
            self.transport.base,
            request.path,
            if query.is_some() { "?" } else { "" },
            query.unwrap_or_default()
        );
        let mut outgoing = match request.method {
            StripeMethod::Get => OutboundRequest::get(&url)?,
            StripeMethod::Delete => OutboundRequest::new(Method::DELETE, &url)?,
            StripeMethod::Post => OutboundRequest::new(Method::POST, &url)?,
        };
        if let Some(form) = &request.body {
            outgoing = outgoing.body("application/x-www-form-urlencoded", form.clone())?;
        }
        if let Some(key) = &self.idempotency_key {
            outgoing = outgoing.header("idempotency-key", key)?;
        }
        outgoing.header("stripe-version", VERSION.as_str())?.bearer(&self.transport.key)
    }
}

impl StripeClient for Call<'_> {
    type Err = CallError;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, CallError> {
        self.run(&request.into_pieces().0).await.map_err(CallError)
    }
}

impl StripeClientErr for CallError {
    fn deserialize_err(message: impl Display) -> Self {
        Self(ProviderError::Malformed(message.to_string()))
    }
}

impl From<CallError> for ProviderError {
    fn from(error: CallError) -> Self {
        error.0
    }
}

fn unreachable(error: OutboundError) -> ProviderError {
    match error {
        OutboundError::Refused { .. } | OutboundError::InvalidUrl { .. } | OutboundError::InvalidRequest(_) => {
            ProviderError::Refused { code: None, message: error.to_string() }
        }
        other => ProviderError::Unavailable(other.to_string()),
    }
}

fn refusal(answer: &OutboundResponse) -> ProviderError {
    let told = answer.json::<Envelope>().ok().map(|envelope| envelope.error);
    let code = told.as_ref().and_then(|told| told.code.clone().or_else(|| told.kind.clone()));
    let status = answer.status;
    if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT) {
        return ProviderError::Unavailable(format!("it answered {}", status.as_u16()));
    }
    match status {
        StatusCode::NOT_FOUND => ProviderError::Missing("object"),
        // What it says there shows a part of the key.
        StatusCode::UNAUTHORIZED => ProviderError::Refused { code, message: "the secret key is not accepted".into() },
        _ => {
            let message = told.and_then(|told| told.message);
            ProviderError::Refused { code, message: message.unwrap_or_else(|| format!("status {}", status.as_u16())) }
        }
    }
}
