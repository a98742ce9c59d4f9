//! Judging one delivery.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::Key;
use super::{Encoding, Kind, Scheme};
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

/// A piece of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Id,
    Timestamp,
    Body,
    Literal(String),
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
        let has_time = self.timestamp_header.is_some() || self.timestamp_prefix.is_some();
        let content = if has_time { parts(&self.content) } else { vec![Part::Body] };
        (!keys.is_empty()).then(|| Verifier { scheme: self.clone(), content, keys })
    }
}

fn parts(content: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = content;
    while let Some((literal, hole)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let (name, after) = hole.split_once('}').unwrap_or((hole, ""));
        parts.push(match name {
            "id" => Part::Id,
            "timestamp" => Part::Timestamp,
            _ => Part::Body,
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    parts
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
        let optional = |name: &Option<String>| name.as_deref().and_then(header);
        let proof = header(&self.scheme.header).ok_or(Refusal::SignatureMissing)?;
        let signatures = self.signatures(proof);
        let timestamp = optional(&self.scheme.timestamp_header).or_else(|| self.timestamp_in(proof));
        let id = optional(&self.scheme.delivery_id_header);
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
        timestamp.map_or(Ok(()), |timestamp| self.judge_time(timestamp, now))
    }

    /// The provider's id of the delivery, if it sent one.
    pub(crate) fn delivery_id<'h>(&self, header: Header<'h>) -> Option<&'h str> {
        self.scheme.delivery_id_header.as_deref().and_then(header).filter(|id| !id.is_empty())
    }

    /// The time that the signature's own header holds, as one of its parts.
    fn timestamp_in<'h>(&self, proof: &'h str) -> Option<&'h str> {
        let prefix = self.scheme.timestamp_prefix.as_deref()?;
        let separator = self.scheme.separator.as_deref()?;
        proof.split(separator).find_map(|part| part.trim().strip_prefix(prefix))
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
