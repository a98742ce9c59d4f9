//! What an ID token says, and whether it is the one that was asked for (OpenID Connect Core, 3.1.3.7). Its signature is
//! checked before.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use common::DateTime;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256, Sha512};

/// Signatures that are taken. Nothing symmetric: the client's secret would make anybody an issuer who has it.
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// How far the provider's clock may be off.
const SKEW: Duration = Duration::seconds(60);
/// How old a token may be that was fetched this moment.
const MAX_AGE: Duration = Duration::minutes(10);
/// Longest subject (OpenID Connect Core, 2).
const MAX_SUBJECT: usize = 255;

/// The claims that matter here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IdClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    #[serde(default)]
    pub azp: Option<String>,
    pub exp: i64,
    pub iat: i64,
    #[serde(default)]
    pub nonce: Option<String>,
    #[serde(default)]
    pub at_hash: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "true_or_text")]
    pub email_verified: bool,
    #[serde(default)]
    pub name: Option<String>,
    /// How the person proved themselves (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
}

/// One, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub access_token: Option<&'a str>,
    pub algorithm: Algorithm,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    #[error("it is no signed token, or has not the claims of one")]
    Malformed,
    #[error("its algorithm is none that is taken")]
    Algorithm,
    #[error("none of the provider's keys signed it")]
    Key,
    #[error("its signature does not fit")]
    Signature,
    #[error("another issuer made it")]
    Issuer,
    #[error("it is for somebody else")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it was made in the future, or too long ago")]
    IssuedAt,
    #[error("it answers another request")]
    Nonce,
    #[error("it came with another access token")]
    AccessToken,
}

impl TokenFault {
    /// The name in events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_algorithm",
            Self::Key => "token_key",
            Self::Signature => "token_signature",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::IssuedAt => "token_issued_at",
            Self::Nonce => "token_nonce",
            Self::AccessToken => "token_at_hash",
        }
    }
}

impl IdClaims {
    /// Refuses a token that is not the one that was asked for.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub(crate) fn check(&self, expected: &Expected<'_>, now: DateTime) -> Result<(), TokenFault> {
        let require = |holds: bool, fault: TokenFault| if holds { Ok(()) } else { Err(fault) };
        require(self.iss == expected.issuer, TokenFault::Issuer)?;
        require(!self.sub.is_empty() && self.sub.len() <= MAX_SUBJECT, TokenFault::Malformed)?;
        let (is_for_us, is_for_others) = match &self.aud {
            Audience::One(one) => (one == expected.client_id, false),
            Audience::Many(many) => (many.iter().any(|one| one == expected.client_id), many.len() > 1),
        };
        let party = self.azp.as_deref();
        let is_ours = party.map_or(!is_for_others, |party| party == expected.client_id);
        require(is_for_us && is_ours, TokenFault::Audience)?;
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenFault::Malformed);
        require(time(self.exp)? + SKEW > now, TokenFault::Expired)?;
        let made = time(self.iat)?;
        require(made <= now + SKEW && made >= now - MAX_AGE - SKEW, TokenFault::IssuedAt)?;
        require(self.nonce.as_deref() == Some(expected.nonce), TokenFault::Nonce)?;
        match (&self.at_hash, expected.access_token) {
            (Some(hash), Some(token)) => {
                require(*hash == half_hash(token, expected.algorithm), TokenFault::AccessToken)
            }
            (Some(_), None) => Err(TokenFault::AccessToken),
            (None, _) => Ok(()),
        }
    }

    /// Whether the provider says that the person showed more than one factor.
    pub(crate) fn shows_second_factor(&self) -> bool {
        self.amr.iter().any(|method| method == "mfa")
    }
}

/// The left half of a token's hash, by the hash of the signature's algorithm.
fn half_hash(token: &str, algorithm: Algorithm) -> String {
    match algorithm {
        // Ed25519 hashes with SHA-512.
        Algorithm::EdDSA => URL_SAFE_NO_PAD.encode(&Sha512::digest(token.as_bytes())[..32]),
        _ => URL_SAFE_NO_PAD.encode(&Sha256::digest(token.as_bytes())[..16]),
    }
}

/// Some providers write `"true"`. Whatever else it is, it is no yes.
fn true_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value == true || value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};
    use serde_json::{Value, json};

    const ISSUER: &str = "https://idp.example.com";

    fn judge(change: impl FnOnce(&mut Value)) -> Result<(), TokenFault> {
        let now = SystemClock.now();
        let mut claims = json!({
            "iss": ISSUER, "sub": "s1", "aud": "us", "exp": now.timestamp() + 300, "iat": now.timestamp(), "nonce": "n",
        });
        change(&mut claims);
        let claims: IdClaims = serde_json::from_value(claims).map_err(|_| TokenFault::Malformed)?;
        let expected = Expected {
            issuer: ISSUER,
            client_id: "us",
            nonce: "n",
            access_token: Some("at"),
            algorithm: Algorithm::ES256,
        };
        claims.check(&expected, now)
    }

    #[test]
    fn only_the_token_that_was_asked_for_is_taken() {
        let now = SystemClock.now().timestamp();
        assert_eq!(judge(|_| {}), Ok(()));
        let hash = half_hash("at", Algorithm::ES256);
        let good: [(&str, Value); 7] = [
            ("aud", json!(["us"])),
            ("azp", json!("us")),
            ("exp", json!(now - 50)),
            ("iat", json!(now + 50)),
            ("iat", json!(now - 590)),
            ("at_hash", json!(hash)),
            ("extra", json!({"a": 1})),
        ];
        for (name, value) in good {
            assert_eq!(judge(|claims| claims[name] = value.clone()), Ok(()), "{name}: {value}");
        }
        let bad: [(&str, Value, TokenFault); 18] = [
            ("iss", json!("https://idp.example.com/"), TokenFault::Issuer),
            ("iss", json!([ISSUER]), TokenFault::Malformed),
            ("sub", json!(""), TokenFault::Malformed),
            ("sub", json!("x".repeat(256)), TokenFault::Malformed),
            ("sub", json!(null), TokenFault::Malformed),
            ("aud", json!("them"), TokenFault::Audience),
            ("aud", json!([]), TokenFault::Audience),
            ("aud", json!(["us", "them"]), TokenFault::Audience),
            ("azp", json!("them"), TokenFault::Audience),
            ("exp", json!(now - 70), TokenFault::Expired),
            ("exp", json!(i64::MAX), TokenFault::Malformed),
            ("exp", json!("tomorrow"), TokenFault::Malformed),
            ("iat", json!(now + 70), TokenFault::IssuedAt),
            ("iat", json!(now - 700), TokenFault::IssuedAt),
            ("nonce", json!("other"), TokenFault::Nonce),
            ("nonce", json!(null), TokenFault::Nonce),
            ("at_hash", json!("AAAA"), TokenFault::AccessToken),
            ("at_hash", json!(""), TokenFault::AccessToken),
        ];
        for (name, value, fault) in bad {
            assert_eq!(judge(|claims| claims[name] = value.clone()), Err(fault), "{name}: {value}");
        }
        let both = judge(|claims| {
            claims["aud"] = json!(["us", "them"]);
            claims["azp"] = json!("us");
        });
        assert_eq!(both, Ok(()), "for several, and asked for by us");
    }

    #[test]
    fn an_address_is_verified_by_a_plain_yes_only() {
        let verified = |value: Value| {
            let claims = json!({"iss": "i", "sub": "s", "aud": "a", "exp": 1, "iat": 1, "email_verified": value});
            serde_json::from_value::<IdClaims>(claims).expect("claims").email_verified
        };
        assert!(verified(json!(true)) && verified(json!("true")));
        for no in [json!(false), json!("false"), json!("yes"), json!(1), json!(null), json!([true])] {
            assert!(!verified(no.clone()), "{no}");
        }
    }

    /// OpenID Connect Core, A.3: the access token of its example and its at_hash.
    #[test]
    fn the_hash_of_an_access_token_is_the_specifications() {
        assert_eq!(
            half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", Algorithm::RS256),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
