//! Looks again at kept deliveries of one source: gives back what their headers said, and says what was wrong.

use common::{DateTime, IntegrationId};
use serde_json::Value;
use settings::Sealer;

use super::Header;
use super::delivery::token_digest;
use super::diagnosis::{Case, Diagnosis, diagnose};
use super::integration::Integration;
use super::provider::{Catalogue, Provider};
use super::secret::sealing_context;
use super::signature::{Kind, Scheme};
use super::source::{Source, SourceError};

/// What is shown where a token was.
const HIDDEN: &str = "(a token, kept as a digest)";

/// A source with its secrets opened.
pub(crate) struct Examiner {
    id: IntegrationId,
    catalogue: &'static Catalogue,
    provider: &'static Provider,
    scheme: Scheme,
    secret: String,
    /// The secret before, and the Unix second until which it verifies.
    previous: Option<(String, i64)>,
}

/// A delivery as it was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'a> {
    pub(crate) reason: &'a str,
    pub(crate) headers: &'a Value,
    /// Nothing when it is too large to be looked at.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) received_at: DateTime,
}

impl Examiner {
    /// Makes an examiner of an integration's row.
    ///
    /// # Errors
    /// When the row cannot be used.
    pub(crate) fn prepare(
        row: &Integration,
        sealer: &Sealer,
        catalogue: &'static Catalogue,
    ) -> Result<Self, SourceError> {
        let unknown = || SourceError::Unknown(row.id);
        let provider = catalogue.find(&row.provider).ok_or_else(unknown)?;
        let scheme = Source::prepare(row, sealer, catalogue)?.verifier.scheme().clone();
        let open = |sealed: &[u8]| {
            let secret = sealer
                .open(&sealing_context(row.tenant_id, row.id), sealed)
                .map_err(|error| SourceError::Secret(row.id, error))?;
            String::from_utf8(secret.to_vec()).map_err(|_| unknown())
        };
        let secret = open(&row.secret_sealed)?;
        let previous = match (&row.previous_secret_sealed, row.previous_secret_expires_at) {
            (Some(sealed), Some(until)) => Some((open(sealed)?, until.timestamp())),
            _ => None,
        };
        Ok(Self { id: row.id, catalogue, provider, scheme, secret, previous })
    }

    /// Says what was wrong with a rejected delivery.
    pub(crate) fn diagnose(&self, kept: &Kept<'_>, now: DateTime) -> Option<Diagnosis> {
        let header = |name: &str| self.header(kept.headers, name);
        let header: Header<'_> = &header;
        diagnose(&Case {
            catalogue: self.catalogue,
            provider: &self.provider.provider,
            scheme: &self.scheme,
            form: self.provider.secret,
            secret: &self.secret,
            previous: self.previous.as_ref().map(|(secret, until)| (secret.as_str(), *until)),
            header,
            body: kept.body,
            reason: kept.reason,
            received_at: kept.received_at.timestamp(),
            now: now.timestamp(),
        })
    }

    /// A kept header as it was sent. A token is recognised by its digest; one that is not the source's stays that.
    pub(crate) fn header<'a>(&'a self, headers: &'a Value, name: &str) -> Option<&'a str> {
        let kept = headers.get(name)?.as_str()?;
        if self.scheme.kind != Kind::Token || name != self.scheme.header {
            return Some(kept);
        }
        let mut known = std::iter::once(&self.secret).chain(self.previous.as_ref().map(|(secret, _)| secret));
        Some(known.find(|secret| token_digest(self.id, secret) == kept).map_or(kept, String::as_str))
    }

    /// The headers as they may be shown.
    pub(crate) fn shown(&self, mut headers: Value) -> Value {
        if self.scheme.kind == Kind::Token
            && let Some(token) = headers.get_mut(&self.scheme.header)
        {
            *token = HIDDEN.into();
        }
        headers
    }
}
