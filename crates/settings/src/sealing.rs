//! Secrets at rest: AES-256-GCM-SIV with a key id, bound to the tenant and the purpose.
//!
//! Sealed form: one byte key-id length, the key id, 12 bytes nonce, the ciphertext with its tag. A new key is
//! put first in the list and seals from then on; older keys stay listed for as long as anything sealed with
//! them may be read.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{ExposeSecret, SecretString, SettingsError};

const NONCE_LEN: usize = 12;

/// `sealing`: the keys that protect stored secrets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealingSettings {
    /// `id:base64-of-32-bytes`, comma-separated, the current one first (`VERDICT__SEALING__KEYS`).
    pub keys: SecretString,
}

/// A sealed secret as it is stored.
pub type SealedBytes = Vec<u8>;

/// A stored secret that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The bytes are not of the sealed form.
    #[error("the stored secret is damaged")]
    Malformed,
    /// The key that sealed it is no longer listed.
    #[error("the stored secret needs sealing key {0:?}, which VERDICT__SEALING__KEYS does not list")]
    UnknownKey(String),
    /// Tag, tenant or purpose do not fit.
    #[error("the stored secret does not belong to this tenant and purpose, or was altered")]
    Refused,
}

/// Seals and opens secrets.
pub struct Sealer {
    keys: Vec<(String, Aes256GcmSiv)>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_struct("Sealer").field("keys", &ids).finish_non_exhaustive()
    }
}

impl Sealer {
    /// Reads the keys.
    ///
    /// # Errors
    /// When there is none, or one is malformed.
    pub fn new(settings: &SealingSettings) -> Result<Self, SettingsError> {
        let invalid = |reason: &str| SettingsError::invalid("sealing.keys", reason);
        let mut keys = Vec::new();
        for entry in settings.keys.expose_secret().split(',').filter(|entry| !entry.is_empty()) {
            let (id, key) = entry.split_once(':').ok_or_else(|| invalid("each key must be written id:base64"))?;
            if id.is_empty() || id.len() > 32 {
                return Err(invalid("a key id must have 1 to 32 characters"));
            }
            let bytes = Zeroizing::new(STANDARD.decode(key).map_err(|_| invalid("a key is not base64"))?);
            let key =
                Key::<Aes256GcmSiv>::try_from(bytes.as_slice()).map_err(|_| invalid("a key must be 32 bytes long"))?;
            keys.push((id.to_owned(), Aes256GcmSiv::new(&key)));
        }
        if keys.is_empty() {
            return Err(invalid("at least one key is needed; `verdict-gateway keygen` makes one"));
        }
        Ok(Self { keys })
    }

    /// Makes a new key in the form that the settings take.
    #[must_use]
    pub fn generate_key(id: &str) -> String {
        format!("{id}:{}", STANDARD.encode(rand::random::<[u8; 32]>()))
    }

    /// Seals with the current key. `context` binds tenant and purpose, and must be given again to open.
    ///
    /// # Panics
    /// Never: the cipher takes any text shorter than 64 GiB.
    #[must_use]
    pub fn seal(&self, context: &str, secret: &[u8]) -> SealedBytes {
        let (id, cipher) = &self.keys[0];
        let nonce = rand::random::<[u8; NONCE_LEN]>();
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).expect("shorter than 64 GiB");
        let id_len = u8::try_from(id.len()).expect("checked when the keys were read");
        [&[id_len], id.as_bytes(), &nonce, &sealed].concat()
    }

    /// Opens what [`Sealer::seal`] made with the same `context`.
    ///
    /// # Errors
    /// When the bytes are damaged, the key is gone, or the context differs.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (id_len, rest) = sealed.split_first().ok_or(OpenError::Malformed)?;
        let (id, rest) = rest.split_at_checked(usize::from(*id_len)).ok_or(OpenError::Malformed)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Malformed)?;
        let (_, cipher) = self
            .keys
            .iter()
            .find(|(key_id, _)| key_id.as_bytes() == id)
            .ok_or_else(|| OpenError::UnknownKey(String::from_utf8_lossy(id).into_owned()))?;
        let payload = Payload { msg: ciphertext, aad: context.as_bytes() };
        cipher.decrypt(&Nonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| OpenError::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[&str]) -> Sealer {
        Sealer::new(&SealingSettings { keys: keys.join(",").into() }).expect("well-formed keys")
    }

    #[test]
    fn opens_only_with_the_same_context() {
        let sealer = sealer(&[&Sealer::generate_key("k1")]);
        let sealed = sealer.seal("tenant-a/webhook", b"whsec_secret");
        assert_eq!(sealer.open("tenant-a/webhook", &sealed).expect("opens").as_slice(), b"whsec_secret");
        assert!(matches!(sealer.open("tenant-b/webhook", &sealed), Err(OpenError::Refused)));
        let mut altered = sealed.clone();
        *altered.last_mut().expect("not empty") ^= 1;
        assert!(matches!(sealer.open("tenant-a/webhook", &altered), Err(OpenError::Refused)));
        assert!(matches!(sealer.open("tenant-a/webhook", &sealed[..5]), Err(OpenError::Malformed)));
    }

    #[test]
    fn old_keys_open_and_new_ones_seal() {
        let (old, new) = (Sealer::generate_key("k1"), Sealer::generate_key("k2"));
        let sealed = sealer(&[&old]).seal("c", b"s");
        assert!(sealer(&[&new, &old]).open("c", &sealed).is_ok());
        assert!(matches!(sealer(&[&new]).open("c", &sealed), Err(OpenError::UnknownKey(id)) if id == "k1"));
    }

    #[test]
    fn malformed_keys_are_named() {
        for bad in ["", "k1", "k1:!!", "k1:AAAA", ":AAAA"] {
            let error = Sealer::new(&SealingSettings { keys: bad.to_owned().into() }).expect_err(bad);
            assert!(error.to_string().contains("VERDICT__SEALING__KEYS"), "{error}");
        }
    }
}
