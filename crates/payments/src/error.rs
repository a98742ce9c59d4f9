//! Why a provider did not do what it was asked.

/// A call to a provider that failed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The provider could not be reached, or asked for patience; the same call may succeed later.
    #[error("the payment provider cannot be reached now: {0}")]
    Unavailable(String),
    /// The provider refused: the same call will fail again until something is changed.
    #[error("the payment provider refused: {message}")]
    Refused {
        /// The provider's own code, when it gave one.
        code: Option<String>,
        /// What it said. Never holds a key.
        message: String,
    },
    /// The provider has no such object.
    #[error("the payment provider knows no such {0}")]
    Missing(&'static str),
    /// The answer was not of the expected form.
    #[error("the payment provider's answer cannot be read: {0}")]
    Malformed(String),
    /// The provider has nothing of the kind, such as checkout pages for invoiced customers.
    #[error("this payment provider offers no {0}")]
    NotOffered(&'static str),
}

impl ProviderError {
    /// Whether the same call may succeed later without a change.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Why a webhook is not taken for the provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// There is no signature.
    #[error("the signature is missing or cannot be read")]
    Missing,
    /// No live secret made the signature over these bytes.
    #[error("no live secret fits the signature")]
    Mismatch,
    /// The signed time is too long ago, or ahead.
    #[error("the signed time is outside the tolerance")]
    Stale,
}

impl WebhookRefusal {
    /// The name in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::Mismatch => "signature_mismatch",
            Self::Stale => "stale_signature",
        }
    }
}
