//! What a scheme signs, and where in the headers it finds that.

use super::Scheme;
use crate::domain::Header;

/// A piece of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The provider's id of the delivery.
    Id,
    /// The time that the sender claims.
    Timestamp,
    /// The raw bytes.
    Body,
    /// Text that stands between them.
    Literal(String),
}

impl Scheme {
    /// Whether a time is signed.
    pub(crate) const fn has_time(&self) -> bool {
        self.timestamp_header.is_some() || self.timestamp_prefix.is_some()
    }

    /// The same, signing the body and nothing else.
    pub(crate) fn over_body_alone(&self) -> Self {
        Self { timestamp_header: None, timestamp_prefix: None, ..self.clone() }
    }

    /// The pieces of what is signed, in order; without a time the body alone is.
    pub(crate) fn parts(&self) -> Vec<Part> {
        if self.has_time() { parts(&self.content) } else { vec![Part::Body] }
    }

    /// The time that the sender claims.
    pub(crate) fn signed_time<'h>(&self, header: Header<'h>) -> Option<&'h str> {
        let own = self.timestamp_header.as_deref().and_then(header);
        own.or_else(|| self.time_in(header(&self.header)?))
    }

    /// What is signed and not there, by the names of its headers.
    pub(crate) fn missing_headers(&self, header: Header<'_>) -> Vec<String> {
        let absent = |name: &Option<String>| name.clone().filter(|name| header(name).is_none());
        let missing = |part: Part| match part {
            Part::Id => absent(&self.delivery_id_header),
            Part::Timestamp if self.signed_time(header).is_none() => {
                Some(self.timestamp_header.clone().unwrap_or_else(|| self.header.clone()))
            }
            Part::Timestamp | Part::Body | Part::Literal(_) => None,
        };
        self.parts().into_iter().filter_map(missing).collect()
    }

    /// The time that the signature's own header holds, as one of its parts.
    fn time_in<'h>(&self, proof: &'h str) -> Option<&'h str> {
        let prefix = self.timestamp_prefix.as_deref()?;
        let separator = self.separator.as_deref()?;
        proof.split(separator).find_map(|part| part.trim().strip_prefix(prefix))
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
