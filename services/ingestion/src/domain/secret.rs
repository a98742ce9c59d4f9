//! Webhook secrets: how they are made, shown and turned into keys.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;

const BYTES: usize = 32;
const STANDARD_PREFIX: &str = "whsec_";

/// The shape of a provider's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretForm {
    /// A text whose own bytes are the key.
    Text,
    /// `whsec_` and the key in base64, as Standard Webhooks has it.
    Whsec,
}

impl SecretForm {
    /// A new secret as it is shown.
    pub(crate) fn generate(self) -> String {
        let bytes: [u8; BYTES] = rand::random();
        match self {
            Self::Text => URL_SAFE_NO_PAD.encode(bytes),
            Self::Whsec => format!("{STANDARD_PREFIX}{}", STANDARD.encode(bytes)),
        }
    }

    /// The key in a shown secret.
    pub(crate) fn key(self, secret: &str) -> Option<Vec<u8>> {
        match self {
            Self::Text => Some(secret.as_bytes().to_vec()),
            Self::Whsec => STANDARD.decode(secret.strip_prefix(STANDARD_PREFIX)?).ok(),
        }
    }

    /// Keys that senders make of a shown secret by mistake, each with what they did.
    pub(crate) fn mistaken(self, secret: &str) -> Vec<(&'static str, Vec<u8>)> {
        let mut keys = vec![("with a line feed at its end", format!("{secret}\n").into_bytes())];
        match self {
            Self::Text => {
                let decoded = URL_SAFE_NO_PAD.decode(secret).or_else(|_| STANDARD.decode(secret)).ok();
                keys.extend(decoded.map(|key| ("decoded from base64", key)));
                keys.extend(hex::decode(secret).ok().map(|key| ("decoded from hexadecimal", key)));
            }
            Self::Whsec => {
                keys.push(("as text, with whsec_", secret.as_bytes().to_vec()));
                let rest = secret.strip_prefix(STANDARD_PREFIX);
                keys.extend(rest.map(|rest| ("as text, without decoding it from base64", rest.as_bytes().to_vec())));
            }
        }
        keys
    }
}

/// What a webhook secret is sealed for.
pub(crate) fn sealing_context(tenant: common::TenantId, integration: common::IntegrationId) -> String {
    format!("{tenant}/{integration}/webhook")
}
