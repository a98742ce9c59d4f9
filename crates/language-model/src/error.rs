//! Why no answer came. Neither the prompt nor the answer's text is in here, so that any of it may be logged.

use std::time::Duration;

use async_openai::error::OpenAIError;
use serde::{Deserialize, Serialize};

use crate::budget::{Exhausted, NoCalls};

/// Why the model could not be asked, or did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Unavailable {
    /// Calls rest after failures in a row.
    #[error("the endpoint failed repeatedly, so it is not called for a while")]
    CircuitOpen,
    /// 429 until the retries or the time ran out.
    #[error("the endpoint limits the rate of calls. Lower the concurrency, or ask the provider for more")]
    RateLimited,
    /// 429 because the provider's account is used up: no retry helps.
    #[error("the provider says that the account's quota is used up. Add credit or raise the provider's limit")]
    QuotaExhausted,
    /// 401 or 403.
    #[error("the endpoint refuses the key. Check VERDICT__LANGUAGE_MODEL__API_KEY")]
    Unauthorized,
    /// Another 4xx: the endpoint does not take the request as it is.
    #[error("the endpoint refuses the request with status {status}. Probe the model's capabilities again")]
    Rejected {
        /// The status.
        status: u16,
    },
    /// 5xx until the retries or the time ran out.
    #[error("the endpoint failed with status {status}")]
    ServerError {
        /// The status.
        status: u16,
    },
    /// No whole answer in time.
    #[error("the endpoint did not answer in time")]
    TimedOut,
    /// Every place for a call was taken until the time was up; the endpoint was not asked.
    #[error(
        "too many calls were waiting. Raise VERDICT__LANGUAGE_MODEL__MAX_CONCURRENT_CALLS if the provider allows it"
    )]
    Busy,
    /// No connection, or it broke.
    #[error("the endpoint cannot be reached")]
    Unreachable,
    /// The endpoint's address is not one that may be called.
    #[error("the endpoint's address may not be called. List it in VERDICT__OUTBOUND__ALLOW if it should be")]
    AddressRefused,
    /// The answer is not what the interface promises.
    #[error("the endpoint answered something that is no completion")]
    Malformed,
    /// The answer is longer than is read.
    #[error("the endpoint's answer is longer than is read")]
    TooLarge,
    /// The model has no price, so no budget could be held.
    #[error("the model has no price in VERDICT__LANGUAGE_MODEL__PRICES; without one no budget can be kept")]
    NoPrice,
    /// The budget could not be read or written: failing closed.
    #[error("the budget cannot be read, so nothing is spent")]
    LedgerFailed,
    /// The request could not be built.
    #[error("the request could not be built")]
    NotSent,
    /// The process stopped before the answer was there.
    #[error("the call was stopped before it was answered")]
    Stopped,
}

impl Unavailable {
    /// Whether the failure speaks against the endpoint, so that the circuit breaker counts it.
    #[must_use]
    pub const fn speaks_against_endpoint(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::QuotaExhausted
                | Self::Unauthorized
                | Self::ServerError { .. }
                | Self::TimedOut
                | Self::Unreachable
                | Self::Malformed
                | Self::TooLarge
        )
    }
}

/// Why there is no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    Unavailable(Unavailable),
    OverBudget(Exhausted),
    NoCalls(NoCalls),
}

impl From<Unavailable> for NoAnswer {
    fn from(reason: Unavailable) -> Self {
        Self::Unavailable(reason)
    }
}

/// One attempt that failed, as the layers of the transport pass it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct CallError {
    pub(crate) reason: Unavailable,
    /// Whether the same request may do better.
    pub(crate) is_retryable: bool,
    /// How long the endpoint asks to wait.
    pub(crate) asked_wait: Option<Duration>,
}

impl CallError {
    pub(crate) const fn permanent(reason: Unavailable) -> Self {
        Self { reason, is_retryable: false, asked_wait: None }
    }

    pub(crate) const fn retryable(reason: Unavailable) -> Self {
        Self { reason, is_retryable: true, asked_wait: None }
    }
}

impl From<CallError> for OpenAIError {
    fn from(error: CallError) -> Self {
        Self::Boxed(Box::new(error))
    }
}

/// The reason in what the client library returns. Its own texts carry bodies, and are dropped here.
pub(crate) fn reason_of(error: &OpenAIError) -> Unavailable {
    match error {
        OpenAIError::Boxed(boxed) => boxed.downcast_ref::<CallError>().map_or(Unavailable::Malformed, |e| e.reason),
        OpenAIError::InvalidArgument(_) | OpenAIError::FileReadError(_) | OpenAIError::FileSaveError(_) => {
            Unavailable::NotSent
        }
        OpenAIError::Reqwest(_) => Unavailable::Unreachable,
        _ => Unavailable::Malformed,
    }
}
