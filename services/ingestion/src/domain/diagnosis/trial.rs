//! One way to sign, tried on stored bytes with whatever key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::domain::Header;
use crate::domain::signature::{Encoding, Hash, Key, Part, Scheme};

/// Signatures looked at in one header.
const MAX_SIGNATURES: usize = 16;
/// The sizes of digests that senders use.
const DIGESTS: [usize; 3] = [20, 32, 64];

/// A digest found in the header, however it was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) encoding: Encoding,
    bytes: Vec<u8>,
}

/// A scheme with what it takes from one delivery's headers.
pub(super) struct Trial<'s, 'h> {
    scheme: &'s Scheme,
    content: Vec<Part>,
    id: Option<&'h str>,
    timestamp: Option<&'h str>,
    /// Everything in the signature's header that can be a digest.
    pub(super) signatures: Vec<Written>,
}

impl<'s, 'h> Trial<'s, 'h> {
    /// `None` when the signature's header, or one that is signed as well, is missing.
    pub(super) fn new(scheme: &'s Scheme, header: Header<'h>) -> Option<Self> {
        let proof = header(&scheme.header)?;
        if !scheme.missing_headers(header).is_empty() {
            return None;
        }
        let id = scheme.delivery_id_header.as_deref().and_then(header);
        let timestamp = scheme.signed_time(header);
        Some(Self { scheme, content: scheme.parts(), id, timestamp, signatures: digests(proof) })
    }

    /// Whether the key signed this body.
    pub(super) fn fits(&self, key: &[u8], body: &[u8]) -> bool {
        self.matching(key, body).is_some()
    }

    /// The digest that the key makes of this body, as it was written.
    pub(super) fn matching(&self, key: &[u8], body: &[u8]) -> Option<&Written> {
        let key = Key::new(self.scheme, key)?;
        self.signatures.iter().find(|written| key.signed(self.message(body), std::slice::from_ref(&written.bytes)))
    }

    /// Whether it would fit had the sender been meant to use the other hash.
    pub(super) fn fits_with_other_hash(&self, key: &[u8], body: &[u8]) -> bool {
        let hash = match self.scheme.hash {
            Hash::Sha256 => Hash::Sha512,
            Hash::Sha512 => Hash::Sha256,
        };
        let other = Scheme { hash, ..self.scheme.clone() };
        let Some(key) = Key::new(&other, key) else { return false };
        self.signatures.iter().any(|written| key.signed(self.message(body), std::slice::from_ref(&written.bytes)))
    }

    fn message<'m>(&'m self, body: &'m [u8]) -> impl Iterator<Item = &'m [u8]> {
        self.content.iter().map(move |part| match part {
            Part::Id => self.id.unwrap_or_default().as_bytes(),
            Part::Timestamp => self.timestamp.unwrap_or_default().as_bytes(),
            Part::Body => body,
            Part::Literal(text) => text.as_bytes(),
        })
    }
}

/// Reads digests out of a header with or without versions, prefixes and separators.
fn digests(header: &str) -> Vec<Written> {
    let parts = header.split([' ', ',', ';']).filter(|part| !part.is_empty());
    parts.take(MAX_SIGNATURES).filter_map(digest).collect()
}

fn digest(part: &str) -> Option<Written> {
    let has_prefix = |(_, rest): &(&str, &str)| !rest.trim_matches('=').is_empty();
    let text = part.split_once('=').filter(has_prefix).map_or(part, |(_, rest)| rest);
    let usual = |bytes: &Vec<u8>| DIGESTS.contains(&bytes.len());
    if let Some(bytes) = hex::decode(text).ok().filter(usual) {
        return Some(Written { encoding: Encoding::Hex, bytes });
    }
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let bytes = engines.into_iter().find_map(|engine| engine.decode(text).ok().filter(usual))?;
    Some(Written { encoding: Encoding::Base64, bytes })
}
