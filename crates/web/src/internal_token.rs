//! Identity inside the house: a short-lived token that the gateway signs and services verify.
//!
//! Ed25519, so that a service can check identities and cannot make them. Signing and verifying cost some 20 and
//! 50 µs, so both ends remember a token for its minute of life.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{DateTime, Identity};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use settings::{ExposeSecret as _, InternalSettings};

/// The header that carries the token.
pub const IDENTITY_HEADER: &str = "x-verdict-identity";
const AUDIENCE: &str = "verdict-internal";
const LIFETIME_SECONDS: i64 = 60;
/// A remembered token is sent again for at most this long, so that it never arrives expired.
const REUSE: Duration = Duration::from_secs(30);
const REMEMBERED: u64 = 10_000;

/// Keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("VERDICT__INTERNAL__{0}: not a usable Ed25519 key; `verdict-gateway keygen` makes a pair")]
pub struct InternalKeyError(&'static str);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    #[serde(flatten)]
    identity: Identity,
}

/// Makes a key pair in the form that the settings take: private, then public.
///
/// # Panics
/// When the system has no randomness.
#[must_use]
pub fn generate_key_pair() -> (String, String) {
    let pair = Ed25519KeyPair::generate().expect("the system gives randomness");
    let private = pair.to_pkcs8().expect("a fresh key serialises");
    (STANDARD.encode(private.as_ref()), STANDARD.encode(pair.public_key().as_ref()))
}

/// Signs identities; the gateway's.
#[derive(Clone)]
pub struct InternalSigner {
    key: Arc<EncodingKey>,
    recent: Cache<String, Arc<str>>,
}

impl std::fmt::Debug for InternalSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InternalSigner")
    }
}

impl InternalSigner {
    /// Reads the private key.
    ///
    /// # Errors
    /// When it is missing or malformed.
    pub fn new(settings: &InternalSettings) -> Result<Self, InternalKeyError> {
        let refused = || InternalKeyError("PRIVATE_KEY");
        let text = settings.private_key.as_ref().ok_or_else(refused)?;
        let bytes = STANDARD.decode(text.expose_secret().trim()).map_err(|_| refused())?;
        // jsonwebtoken takes any bytes here and fails at the first signature; better now.
        Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| refused())?;
        let recent = Cache::builder().max_capacity(REMEMBERED).time_to_live(REUSE).build();
        Ok(Self { key: Arc::new(EncodingKey::from_ed_der(&bytes)), recent })
    }

    /// A token for the identity.
    ///
    /// # Panics
    /// Never: the key was tried when it was read.
    #[must_use]
    pub fn sign(&self, identity: &Identity, now: DateTime) -> Arc<str> {
        let exp = now.timestamp() + LIFETIME_SECONDS;
        let claims = Claims { aud: AUDIENCE.into(), exp, identity: identity.clone() };
        let name = serde_json::to_string(&claims.identity).expect("an identity is plain JSON");
        self.recent.get_with(name, || {
            let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.key);
            token.expect("the key was tried when it was read").into()
        })
    }
}

/// Verifies identities; every service's.
#[derive(Clone)]
pub struct InternalVerifier {
    keys: Arc<Vec<DecodingKey>>,
    recent: Cache<String, (i64, Identity)>,
}

impl std::fmt::Debug for InternalVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InternalVerifier").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl InternalVerifier {
    /// Reads the public keys.
    ///
    /// # Errors
    /// When there is none, or one is malformed.
    pub fn new(settings: &InternalSettings) -> Result<Self, InternalKeyError> {
        let refused = || InternalKeyError("PUBLIC_KEYS");
        let mut keys = Vec::new();
        for text in settings.public_keys.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let bytes = STANDARD.decode(text).map_err(|_| refused())?;
            if bytes.len() != 32 {
                return Err(refused());
            }
            keys.push(DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(&bytes)).map_err(|_| refused())?);
        }
        if keys.is_empty() {
            return Err(refused());
        }
        let recent = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(Duration::from_secs(LIFETIME_SECONDS.unsigned_abs()))
            .build();
        Ok(Self { keys: Arc::new(keys), recent })
    }

    /// The identity in the token, if one of the keys signed it and it has not expired.
    #[must_use]
    pub fn verify(&self, token: &str, now: DateTime) -> Option<Identity> {
        let (expires, identity) = match self.recent.get(token) {
            Some(known) => known,
            None => {
                let claims = self.keys.iter().find_map(|key| decode(token, key))?;
                let known = (claims.exp, claims.identity);
                self.recent.insert(token.to_owned(), known.clone());
                known
            }
        };
        (now.timestamp() < expires).then_some(identity)
    }
}

fn decode(token: &str, key: &DecodingKey) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    // Expiry is checked against the service's own clock by the caller.
    validation.validate_exp = false;
    jsonwebtoken::decode::<Claims>(token, key, &validation).ok().map(|data| data.claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, Principal, Role, SystemClock, TenantId};

    fn settings(private: &str, public: &str) -> InternalSettings {
        InternalSettings { public_keys: public.to_owned(), private_key: Some(private.to_owned().into()) }
    }

    #[test]
    fn a_token_is_good_for_its_minute_and_from_its_key_only() {
        let (private, public) = generate_key_pair();
        let (_, other) = generate_key_pair();
        let identity = Identity {
            tenant_id: TenantId::generate(),
            principal: Principal::User(common::UserId::generate().0),
            role: Role::Admin,
            scopes: None,
            display_name: "ann@example.com".into(),
        };
        let now = SystemClock.now();
        let token = InternalSigner::new(&settings(&private, &public)).expect("pair").sign(&identity, now);
        let rotated = InternalVerifier::new(&settings(&private, &format!("{other},{public}"))).expect("two keys");
        assert_eq!(rotated.verify(&token, now), Some(identity.clone()));
        assert_eq!(rotated.verify(&token, now), Some(identity), "remembered");
        assert_eq!(rotated.verify(&token, now + chrono::Duration::seconds(61)), None, "remembered but expired");
        let stranger = InternalVerifier::new(&settings(&private, &other)).expect("one key");
        assert_eq!(stranger.verify(&token, now), None);
    }
}
