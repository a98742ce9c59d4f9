//! ID tokens, right ones and wrong ones.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Clock as _, SystemClock};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::keys::SigningKey;
use super::{CLIENT_ID, CLIENT_SECRET, Fault, Issued, SigningAlgorithm};

/// The answer of the token endpoint to a code that it takes.
pub(super) fn answer(base: &str, key: &SigningKey, issued: &Issued, fault: Option<Fault>) -> Value {
    let access_token = "an-access-token-of-the-provider";
    let mut answer = json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 300});
    if fault != Some(Fault::NoIdToken) {
        answer["id_token"] = json!(id_token(base, key, issued, access_token, fault));
    }
    answer
}

fn id_token(base: &str, key: &SigningKey, issued: &Issued, access_token: &str, fault: Option<Fault>) -> String {
    let now = SystemClock.now().timestamp();
    let person = &issued.person;
    let mut claims = json!({
        "iss": base, "sub": person.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": issued.nonce,
        "name": person.name, "email_verified": person.email_verified, "amr": person.methods,
        "at_hash": half_hash(key.algorithm, access_token),
    });
    if let Some(email) = &person.email {
        claims["email"] = json!(email);
    }
    match fault {
        Some(Fault::WrongNonce) => claims["nonce"] = json!("another"),
        Some(Fault::NoNonce) => claims["nonce"] = Value::Null,
        Some(Fault::WrongIssuer) => claims["iss"] = json!("https://another.example.com"),
        Some(Fault::WrongAudience) => claims["aud"] = json!("another"),
        Some(Fault::OtherParty) => {
            claims["aud"] = json!([CLIENT_ID, "another"]);
            claims["azp"] = json!("another");
        }
        Some(Fault::Expired) => claims["exp"] = json!(now - 120),
        Some(Fault::FromTheFuture) => claims["iat"] = json!(now + 120),
        Some(Fault::WrongAccessToken) => claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA"),
        _ => {}
    }
    let encode = |header: &Header, key: &EncodingKey| jsonwebtoken::encode(header, &claims, key).expect("signed");
    match fault {
        Some(Fault::TokenIsNoToken) => "no token".to_owned(),
        Some(Fault::AlgorithmNone) => {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({"alg": "none", "kid": key.kid})), part(&claims))
        }
        Some(Fault::SignedWithTheSecret) => {
            let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
            encode(&header, &EncodingKey::from_secret(CLIENT_SECRET.as_bytes()))
        }
        Some(Fault::UnknownKey) => {
            let stranger = SigningKey::generate(SigningAlgorithm::EdDsa);
            encode(&stranger.header(), &stranger.private)
        }
        Some(Fault::BrokenSignature) => {
            let stranger = SigningKey::generate(SigningAlgorithm::EdDsa);
            let header = Header { kid: Some(key.kid.clone()), ..stranger.header() };
            encode(&header, &stranger.private)
        }
        _ => encode(&key.header(), &key.private),
    }
}

fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let hash = digest(if algorithm == Algorithm::EdDSA { &SHA512 } else { &SHA256 }, token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}
