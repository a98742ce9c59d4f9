//! A provider's keys, and whether one of them signed a token.

use std::sync::Arc;

use common::DateTime;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::{Metadata, ProviderError, Providers};
use crate::auth::domain::id_token::{ALGORITHMS, Expected, IdClaims, TokenFault};

/// Most keys that are looked at.
const MAX_KEYS: usize = 64;
/// Longest token, in bytes.
const MAX_TOKEN: usize = 32 << 10;

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Asks a provider for its keys. One of a kind that is not known here does not spoil the others.
pub(super) async fn read(providers: &Providers, metadata: &Metadata) -> Result<Vec<Jwk>, ProviderError> {
    let set: KeySet = providers.fetch(&metadata.jwks_uri).await?;
    Ok(set.keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value(key).ok()).collect())
}

impl Providers {
    /// The claims of a token that one of the issuer's keys signed, and that is the one that was asked for.
    ///
    /// # Errors
    /// When it is another one, or the keys cannot be had.
    pub(crate) async fn verify<'e>(
        &self,
        token: &str,
        expected: impl FnOnce(Algorithm) -> Expected<'e>,
        issuer: &str,
        now: DateTime,
    ) -> Result<IdClaims, ProviderError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenFault::Malformed.into());
        }
        // An algorithm that the library does not know, such as none, is no header to it.
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenFault::Algorithm)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(TokenFault::Algorithm.into());
        }
        let known = self.known(issuer, now).await?;
        let key = match find(&known.keys, &header) {
            Some(key) => key.clone(),
            None => {
                let keys = self.look_again(issuer, now).await?;
                find(&keys, &header).cloned().ok_or(TokenFault::Key)?
            }
        };
        let key = DecodingKey::from_jwk(&key).map_err(|_| TokenFault::Key)?;
        // Claims are checked below, by our clock.
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let verified = jsonwebtoken::decode::<Value>(token, &key, &validation).map_err(|_| TokenFault::Signature)?;
        let claims: IdClaims = serde_json::from_value(verified.claims).map_err(|_| TokenFault::Malformed)?;
        claims.check(&expected(header.alg), now)?;
        Ok(claims)
    }

    /// The keys after a token named one that is not there: the provider may have changed them. Whoever sends made-up
    /// names makes us ask once in a while and no more.
    async fn look_again(&self, issuer: &str, now: DateTime) -> Result<Arc<Vec<Jwk>>, ProviderError> {
        let slot = self.slot(issuer);
        let mut slot = slot.lock().await;
        let Some(known) = slot.as_mut() else { return Ok(Arc::default()) };
        if known.missed_at.is_none_or(|at| now - at >= self.pause) {
            known.missed_at = Some(now);
            known.keys = Arc::new(read(self, &known.metadata).await?);
        }
        Ok(Arc::clone(&known.keys))
    }
}

/// The key that a header names; without a name, the only one that fits.
fn find<'k>(keys: &'k [Jwk], header: &Header) -> Option<&'k Jwk> {
    let mut fitting = keys.iter().filter(|key| fits(key, header.alg));
    match &header.kid {
        Some(kid) => fitting.find(|key| key.common.key_id.as_ref() == Some(kid)),
        None => fitting.next().filter(|_| fitting.next().is_none()),
    }
}

/// Whether a key may verify signatures of that algorithm.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let is_for_signing = key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let is_for_this = key.common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm));
    is_kind && is_for_signing && is_for_this
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(keys: &Value) -> Vec<Jwk> {
        let keys = keys.as_array().expect("a list").iter();
        keys.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect()
    }

    #[test]
    fn a_key_is_found_by_its_name_and_kind() {
        let all = keys(&json!([
            {"kty": "oct", "kid": "shared", "k": "AAAA"},
            {"kty": "RSA", "kid": "enc", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "RSA", "kid": "r", "alg": "RS256", "n": "AQAB", "e": "AQAB"},
            {"kty": "EC", "kid": "k", "crv": "secp256k1", "x": "AA", "y": "AA"},
            {"kty": "EC", "kid": "e", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": "AA"},
            {"kty": "RSA", "kid": "p", "alg": "PS256", "n": "AQAB", "e": "AQAB"},
            "nonsense",
        ]));
        let found = |alg: Algorithm, kid: Option<&str>| {
            let header = Header { kid: kid.map(ToOwned::to_owned), ..Header::new(alg) };
            find(&all, &header).and_then(|key| key.common.key_id.clone())
        };
        assert_eq!(found(Algorithm::RS256, Some("r")).as_deref(), Some("r"));
        assert_eq!(found(Algorithm::ES256, None).as_deref(), Some("e"), "the only one that fits");
        assert_eq!(found(Algorithm::EdDSA, Some("o")).as_deref(), Some("o"));
        for (alg, kid) in [
            (Algorithm::RS256, "enc"),
            (Algorithm::RS256, "p"),
            (Algorithm::RS256, "e"),
            (Algorithm::ES256, "k"),
            (Algorithm::HS256, "shared"),
            (Algorithm::RS256, "unknown"),
        ] {
            assert_eq!(found(alg, Some(kid)), None, "{alg:?} {kid}");
        }
    }
}
