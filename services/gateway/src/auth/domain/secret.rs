//! Opaque secrets that a caller keeps and we store only the hash of: refresh tokens and API keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// How a refresh token begins.
pub(crate) const REFRESH_TOKEN: &str = "vr_";
/// How an API key begins.
pub(crate) const API_KEY: &str = "vk_";
/// How the token of an invite begins.
pub(crate) const INVITE_TOKEN: &str = "vi_";
/// How the token of a link for a new password begins.
pub(crate) const RESET_TOKEN: &str = "vp_";
/// How the token begins that binds a sign-in to its browser.
pub(crate) const FLOW_TOKEN: &str = "vf_";
/// How the state of a sign-in begins that goes through the browser.
pub(crate) const STATE: &str = "vs_";
/// How much of a key may be shown to tell keys apart: the beginning and 8 of its 43 characters.
const SHOWN: usize = 11;

/// A secret with 256 bits of randomness. A plain hash of it is enough: nobody can guess it.
pub(crate) struct Secret(Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({}…)", self.prefix())
    }
}

impl Secret {
    /// A new one that begins with `kind`.
    pub(crate) fn generate(kind: &str) -> Self {
        let random = Zeroizing::new(rand::random::<[u8; 32]>());
        Self(Zeroizing::new(format!("{kind}{}", URL_SAFE_NO_PAD.encode(random.as_slice()))))
    }

    /// One read back from where it was sealed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(|text| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret itself, for the one answer that shows it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored.
    pub(crate) fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }

    /// What may be shown again and again.
    pub(crate) fn prefix(&self) -> &str {
        self.0.get(..SHOWN).unwrap_or_default()
    }
}

/// The hash under which a secret or token is found.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_do_not_show_themselves() {
        let (one, other) = (Secret::generate(API_KEY), Secret::generate(API_KEY));
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 46);
        assert!(one.expose().starts_with(one.prefix()) && one.prefix().len() == 11);
        assert!(!format!("{one:?}").contains(one.expose()));
        assert_eq!(Secret::from_bytes(one.expose().as_bytes()).map(|again| again.hash()), Some(one.hash()));
    }
}
