//! Signatures over raw bytes: one verifier, told by data how each provider signs.
//!
//! The signature is judged before the time, so that nobody without the secret learns anything about clocks.

mod config;
mod key;
mod parts;
mod verify;

pub(crate) use key::Key;
pub(crate) use parts::Part;
pub(crate) use verify::{Evidence, Refusal, Verifier};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a provider signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Scheme {
    /// Whether the header holds a keyed hash or the secret itself.
    #[serde(default)]
    pub(crate) kind: Kind,
    /// The header with the signature.
    pub(crate) header: String,
    /// The hash of the HMAC.
    pub(crate) hash: Hash,
    /// How its bytes are written.
    pub(crate) encoding: Encoding,
    /// What stands before them.
    #[serde(default)]
    pub(crate) prefix: String,
    /// Whether signatures without the prefix are passed over.
    #[serde(default)]
    pub(crate) prefix_required: bool,
    /// What stands between several signatures in one header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) separator: Option<String>,
    /// What is signed, of `{id}`, `{timestamp}` and `{body}`.
    pub(crate) content: String,
    /// The header with the Unix time in seconds; without one the body alone is signed.
    pub(crate) timestamp_header: Option<String>,
    /// What stands before the Unix time where the signature's own header holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp_prefix: Option<String>,
    /// The header with the provider's id of the delivery.
    pub(crate) delivery_id_header: Option<String>,
    /// Where the signed body holds the provider's id of what is delivered; it counts before the header's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivery_id_path: Option<String>,
    /// How far the time may be from ours.
    pub(crate) tolerance_seconds: u32,
    /// The fields that `config` may set.
    pub(crate) configurable: Vec<String>,
}

/// What a source proves itself with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// An HMAC over what is sent.
    #[default]
    Hmac,
    /// The secret itself, compared in constant time.
    Token,
}

/// The hash of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// Hexadecimal, either case.
    Hex,
    /// Base64 with padding.
    Base64,
}
