//! Judging one delivery.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::Key;
use super::{Encoding, Kind, Part, Scheme};
use crate::domain::Header;

/// Signatures looked at in one header; more would only buy an attacker processor time.
const MAX_SIGNATURES: usize = 8;

/// A scheme with its keys.
#[derive(Clone)]
pub(crate) struct Verifier {
    scheme: Scheme,
    content: Vec<Part>,
    keys: Vec<ValidKey>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("scheme", &self.scheme).field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// A key, and until when it counts, in Unix seconds.
#[derive(Clone)]
struct ValidKey {
    key: Key,
    until: Option<i64>,
}

/// What a header is to a later look at the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing.
    None,
    /// It is judged, and no secret.
    Plain,
    /// It holds the secret itself.
    Token,
}

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A header that the scheme needs is missing or unreadable.
    SignatureMissing,
    /// No key makes this signature of these bytes.
    SignatureMismatch,
    /// The signed time is too far in the past.
    TooOld,
    /// The signed time is too far in the future.
    InFuture,
}

impl Scheme {
    /// A verifier that takes what any of the keys signed; `None` when there is no usable key.
    pub(crate) fn verifier(&self, keys: &[Vec<u8>]) -> Option<Verifier> {
        let valid = |key: &Vec<u8>| Some(ValidKey { key: Key::new(self, key)?, until: None });
        let keys: Vec<ValidKey> = keys.iter().filter_map(valid).collect();
        (!keys.is_empty()).then(|| Verifier { scheme: self.clone(), content: self.parts(), keys })
    }
}

impl Verifier {
    /// The same taking in addition what a key signed that counts until a Unix second.
    pub(crate) fn or_until(mut self, key: &[u8], until: i64) -> Self {
        self.keys.extend(Key::new(&self.scheme, key).map(|key| ValidKey { key, until: Some(until) }));
        self
    }

    /// Judges the signature, then the time.
    ///
    /// # Errors
    /// Why the delivery is not believed.
    pub(crate) fn verify(&self, header: Header<'_>, body: &[u8], now: i64) -> Result<(), Refusal> {
        self.verify_again(header, body, now, now)
    }

    /// Judges a kept delivery by its time of receipt, with the keys that count now.
    ///
    /// # Errors
    /// Why the delivery is not believed.
    pub(crate) fn verify_again(
        &self,
        header: Header<'_>,
        body: &[u8],
        received_at: i64,
        now: i64,
    ) -> Result<(), Refusal> {
        let proof = header(&self.scheme.header).ok_or(Refusal::SignatureMissing)?;
        let signatures = self.signatures(proof);
        let timestamp = self.scheme.signed_time(header);
        let id = self.scheme.delivery_id_header.as_deref().and_then(header);
        let is_missing = |part: &Part| match part {
            Part::Id => id.is_none(),
            Part::Timestamp => timestamp.is_none(),
            Part::Body | Part::Literal(_) => false,
        };
        if signatures.is_empty() || self.content.iter().any(is_missing) {
            return Err(Refusal::SignatureMissing);
        }
        let message = || {
            self.content.iter().map(|part| match part {
                Part::Id => id.unwrap_or_default().as_bytes(),
                Part::Timestamp => timestamp.unwrap_or_default().as_bytes(),
                Part::Body => body,
                Part::Literal(text) => text.as_bytes(),
            })
        };
        let counts = |until: Option<i64>| until.is_none_or(|until| now < until);
        if !self.keys.iter().any(|key| counts(key.until) && key.key.signed(message(), &signatures)) {
            return Err(Refusal::SignatureMismatch);
        }
        timestamp.map_or(Ok(()), |timestamp| self.judge_time(timestamp, received_at))
    }

    /// How the source signs, its settings taken in.
    pub(crate) const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// How to keep a header of a delivery, so that it can be judged again.
    pub(crate) fn evidence(&self, name: &str) -> Evidence {
        let scheme = &self.scheme;
        let is = |known: &Option<String>| known.as_deref() == Some(name);
        if name == scheme.header {
            return if scheme.kind == Kind::Token { Evidence::Token } else { Evidence::Plain };
        }
        if is(&scheme.timestamp_header) || is(&scheme.delivery_id_header) { Evidence::Plain } else { Evidence::None }
    }

    /// The provider's id of the delivery, if it sent one.
    pub(crate) fn delivery_id<'h>(&self, header: Header<'h>) -> Option<&'h str> {
        self.scheme.delivery_id_header.as_deref().and_then(header).filter(|id| !id.is_empty())
    }

    fn judge_time(&self, timestamp: &str, now: i64) -> Result<(), Refusal> {
        let Ok(then) = timestamp.trim().parse::<i64>() else { return Err(Refusal::SignatureMissing) };
        let age = now.saturating_sub(then);
        let tolerance = i64::from(self.scheme.tolerance_seconds);
        if age > tolerance {
            Err(Refusal::TooOld)
        } else if age < -tolerance {
            Err(Refusal::InFuture)
        } else {
            Ok(())
        }
    }

    fn signatures(&self, header: &str) -> Vec<Vec<u8>> {
        let scheme = &self.scheme;
        if scheme.kind == Kind::Token {
            return vec![header.as_bytes().to_vec()];
        }
        let decode = |text: &str| {
            let text = match text.strip_prefix(scheme.prefix.as_str()) {
                Some(rest) => rest,
                None if scheme.prefix_required => return None,
                None => text,
            };
            match scheme.encoding {
                Encoding::Hex => hex::decode(text).ok(),
                Encoding::Base64 => STANDARD.decode(text).ok(),
            }
        };
        match &scheme.separator {
            Some(separator) => {
                header.split(separator.as_str()).take(MAX_SIGNATURES).filter_map(|one| decode(one.trim())).collect()
            }
            None => decode(header.trim()).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
