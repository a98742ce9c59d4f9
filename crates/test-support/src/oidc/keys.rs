//! The provider's keys, public halves as JWK.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

/// What stands before the RSA key itself in its PKCS#8 form, in bytes; the same for all keys of this size.
const PKCS8_HEAD: usize = 26;

/// What a key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA over P-256.
    Es256,
    /// RSA of 2048 bits.
    Rs256,
}

/// A key pair with a name.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) private: EncodingKey,
    public: Value,
}

impl SigningKey {
    pub(super) fn generate(algorithm: SigningAlgorithm) -> Self {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let random = SystemRandom::new();
        let (algorithm, private, public) = match algorithm {
            SigningAlgorithm::EdDsa => {
                let der = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
                let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("a key");
                let public = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())});
                (Algorithm::EdDSA, EncodingKey::from_ed_der(der.as_ref()), public)
            }
            SigningAlgorithm::Es256 => {
                let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).expect("a key");
                let point = pair.public_key().as_ref();
                let (x, y) = (encode(&point[1..33]), encode(&point[33..65]));
                let public = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
                (Algorithm::ES256, EncodingKey::from_ec_der(der.as_ref()), public)
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                let components: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
                let public = json!({"kty": "RSA", "n": encode(&components.n), "e": encode(&components.e)});
                let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("a key");
                (Algorithm::RS256, EncodingKey::from_rsa_der(&pkcs8.as_ref()[PKCS8_HEAD..]), public)
            }
        };
        Self { kid: Uuid::new_v4().to_string(), algorithm, private, public }
    }

    /// The header of what it signs.
    pub(super) fn header(&self) -> Header {
        Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) }
    }

    /// The public half.
    pub(super) fn jwk(&self) -> Value {
        let mut jwk = self.public.clone();
        (jwk["kid"], jwk["use"], jwk["alg"]) = (json!(self.kid), json!("sig"), json!(format!("{:?}", self.algorithm)));
        jwk
    }
}
