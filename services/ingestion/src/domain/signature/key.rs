//! Keyed hashes, prepared once and copied for each message.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::{Hash, Kind, Scheme};

#[derive(Clone)]
pub(super) enum Key {
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
    Token(Vec<u8>),
}

impl Key {
    /// Prepares a key; `None` when it is empty.
    pub(super) fn new(scheme: &Scheme, secret: &[u8]) -> Option<Self> {
        if secret.is_empty() {
            return None;
        }
        if scheme.kind == Kind::Token {
            return Some(Self::Token(secret.to_vec()));
        }
        match scheme.hash {
            Hash::Sha256 => Hmac::new_from_slice(secret).ok().map(Self::Sha256),
            Hash::Sha512 => Hmac::new_from_slice(secret).ok().map(Self::Sha512),
        }
    }

    /// Whether one of the signatures is that of the parts under this key; compares in constant time.
    pub(super) fn signed<'a>(&self, parts: impl Iterator<Item = &'a [u8]>, signatures: &[Vec<u8>]) -> bool {
        match self {
            Self::Token(token) => signatures.iter().any(|given| bool::from(given.as_slice().ct_eq(token))),
            Self::Sha256(keyed) => {
                let mut mac = keyed.clone();
                parts.for_each(|part| mac.update(part));
                signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
            }
            Self::Sha512(keyed) => {
                let mut mac = keyed.clone();
                parts.for_each(|part| mac.update(part));
                signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
            }
        }
    }
}
