//! Deliveries: what arrived, why it was refused, and what is kept of its headers.

use common::{DateTime, DeliveryId, IntegrationId, TenantId};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::signature::{Evidence, Refusal, Verifier};

/// Most bytes kept of a body that made no record: a flood of forgeries must not fill the disk.
pub(crate) const MAX_KEPT_BODY: usize = 1 << 20;
/// Most bytes kept of all headers together.
const MAX_KEPT_HEADERS: usize = 8 << 10;
/// Longer ids of providers are kept as their digest.
const MAX_PLAIN_ID: usize = 128;
/// Hop-by-hop noise and the gateway's own word, which nobody needs to see again.
const DROPPED: [&str; 4] = ["x-verdict-identity", "connection", "host", "content-length"];
/// Parts of the names of headers that carry credentials.
const CREDENTIALS: [&str; 7] = ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"];

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryOutcome {
    /// It made a record.
    Accepted,
    /// The same delivery had made a record before.
    Duplicate,
    /// It was not believed or not readable; `reason` says why.
    Rejected,
    /// It made a record that waits until its source is resumed.
    Held,
}

impl DeliveryOutcome {
    /// Every outcome.
    pub(crate) const ALL: [Self; 4] = [Self::Accepted, Self::Duplicate, Self::Rejected, Self::Held];

    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Held => "held",
        }
    }

    /// The outcome of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// Why a delivery was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The signature or the time is at fault.
    Signature(Refusal),
    /// Rightly signed, and no JSON.
    UnparseableBody,
}

impl Reason {
    /// Every reason.
    pub(crate) const ALL: [Self; 5] = [
        Self::Signature(Refusal::SignatureMissing),
        Self::Signature(Refusal::SignatureMismatch),
        Self::Signature(Refusal::TooOld),
        Self::Signature(Refusal::InFuture),
        Self::UnparseableBody,
    ];

    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Signature(Refusal::SignatureMissing) => "signature_missing",
            Self::Signature(Refusal::SignatureMismatch) => "signature_mismatch",
            Self::Signature(Refusal::TooOld) => "timestamp_too_old",
            Self::Signature(Refusal::InFuture) => "timestamp_in_future",
            Self::UnparseableBody => "unparseable_body",
        }
    }
}

/// A delivery as it will be kept.
#[derive(Clone, Debug)]
pub(crate) struct NewDelivery {
    pub(crate) id: DeliveryId,
    pub(crate) tenant_id: TenantId,
    pub(crate) integration_id: IntegrationId,
    /// What two deliveries of the same thing have in common.
    pub(crate) dedupe_key: Vec<u8>,
    /// JSON text.
    pub(crate) headers: String,
    pub(crate) body: bytes::Bytes,
    pub(crate) received_at: DateTime,
}

/// The key that tells whether a delivery came before: the provider's id of it or, without one, what it says.
pub(crate) fn dedupe_key(delivery_id: Option<&str>, body: &[u8]) -> Vec<u8> {
    let tagged = |tag: u8, bytes: &[u8]| [&[tag], bytes].concat();
    match delivery_id {
        Some(id) if id.len() <= MAX_PLAIN_ID => tagged(b'i', id.as_bytes()),
        Some(id) => tagged(b'j', &Sha256::digest(id)),
        None => tagged(b'b', &Sha256::digest(body)),
    }
}

/// The headers worth keeping, as JSON text. What the signature is judged by is kept as the judge sees it: the first
/// value, and of a token only a digest. Of other headers a name that came twice has its values joined by commas.
pub(crate) fn kept_headers(verifier: &Verifier, integration: IntegrationId, headers: &[(&str, &str)]) -> String {
    let mut kept = Map::new();
    let mut size = 0;
    let is_evidence = |name: &str| verifier.evidence(name) != Evidence::None;
    let first = headers.iter().filter(|(name, _)| is_evidence(name));
    let rest = headers.iter().filter(|(name, _)| !is_evidence(name) && is_kept(name));
    for &(name, value) in first.chain(rest) {
        let evidence = verifier.evidence(name);
        let value = if evidence == Evidence::Token { token_digest(integration, value) } else { value.to_owned() };
        size += name.len() + value.len();
        if size > MAX_KEPT_HEADERS {
            break;
        }
        match kept.get_mut(name) {
            Some(_) if evidence != Evidence::None => {}
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            _ => {
                kept.insert(name.to_owned(), Value::String(value));
            }
        }
    }
    Value::Object(kept).to_string()
}

/// What is kept of a token: enough to recognise the source's own, of no use to anybody else.
pub(crate) fn token_digest(integration: IntegrationId, token: &str) -> String {
    let digest = Sha256::new().chain_update(integration.0.as_bytes()).chain_update(token.as_bytes()).finalize();
    hex::encode(digest)
}

/// Names are in lower case.
fn is_kept(name: &str) -> bool {
    !DROPPED.contains(&name) && !CREDENTIALS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provider::built_in;
    use serde_json::json;

    #[test]
    fn credentials_are_dropped_and_headers_bounded() {
        let kept = |headers: &[(&str, &str)]| kept_headers_of("generic", &json!({}), headers);
        let long = "x".repeat(MAX_KEPT_HEADERS);
        let headers = [("cookie", "s=1"), ("authorization", "Bearer x"), ("a", "1"), ("a", "2"), ("big", &long)];
        assert_eq!(kept(&headers), json!({"a": "1, 2"}));
        let named =
            ["x-gitlab-token", "proxy-authorization", "x-api-key", "x-client-secret", "x-password", "set-cookie"];
        let headers: Vec<_> = named.into_iter().chain(["x-github-event", "host"]).map(|name| (name, "v")).collect();
        assert_eq!(kept(&headers), json!({"x-github-event": "v"}));
    }

    #[test]
    fn what_the_signature_is_judged_by_is_kept() {
        let long = "x".repeat(MAX_KEPT_HEADERS - 100);
        let headers = [("big", long.as_str()), ("x-secret-sig", "one"), ("x-secret-sig", "two"), ("x-timestamp", "7")];
        let kept = kept_headers_of("generic", &json!({"header": "x-secret-sig"}), &headers);
        assert_eq!((&kept["x-secret-sig"], &kept["x-timestamp"]), (&json!("one"), &json!("7")), "first and unjoined");
        let kept = kept_headers_of("gitlab", &json!({}), &[("x-gitlab-token", "guessed")]);
        let digest = kept["x-gitlab-token"].as_str().expect("kept");
        assert!(digest.len() == 64 && !digest.contains("guessed"), "{digest}");
    }

    fn kept_headers_of(provider: &str, config: &Value, headers: &[(&str, &str)]) -> Value {
        let scheme = &built_in().find(provider).expect("known").signature;
        let verifier = scheme.configured(config).expect("a config").verifier(&[b"key".to_vec()]).expect("a key");
        let kept = kept_headers(&verifier, IntegrationId::generate(), headers);
        serde_json::from_str(&kept).expect("JSON")
    }

    #[test]
    fn keys_of_different_kinds_never_meet() {
        let body = dedupe_key(None, b"x");
        assert_eq!(body.len(), 33);
        assert_ne!(dedupe_key(Some("x"), b"x"), body);
        assert_eq!(dedupe_key(Some("x"), b"1"), dedupe_key(Some("x"), b"2"));
        assert_eq!(dedupe_key(Some(&"i".repeat(129)), b"").len(), 33);
    }
}
