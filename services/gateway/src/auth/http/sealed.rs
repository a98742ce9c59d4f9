//! Answers that hold tokens, kept sealed for whoever repeats an idempotent request; and the key that blinds the
//! fingerprints of bodies with a password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use settings::{ExposeSecret as _, Sealer, SealingSettings};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use web::{ApiError, Idempotency, Reply};

/// Blinds fingerprints; the same in each replica, since it comes from the sealing keys.
#[derive(Clone)]
pub(crate) struct AnswerKey([u8; 32]);

impl std::fmt::Debug for AnswerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerKey")
    }
}

impl AnswerKey {
    /// The key of these settings. After a rotation of theirs a repeated request may be refused, never done twice
    /// unseen.
    pub(crate) fn derive(settings: &SealingSettings) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"gateway/idempotency/");
        hash.update(settings.keys.expose_secret().as_bytes());
        Self(hash.finalize().into())
    }

    /// The key of a request whose body holds a password.
    pub(crate) fn blind(&self, idempotency: Idempotency) -> Idempotency {
        idempotency.blinded(&self.0)
    }
}

/// Who repeats a request without a caller: whoever shows the same token or address.
pub(crate) fn principal_of(shown: &str) -> Uuid {
    let hash: [u8; 32] = Sha256::digest(shown.as_bytes()).into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(id)
}

/// The answer as it is kept.
pub(crate) fn seal(sealer: &Sealer, purpose: &str, answer: Reply) -> Result<Reply, ApiError> {
    answer.try_map_body(|body| {
        let sealed = STANDARD.encode(sealer.seal(purpose, body.as_bytes()));
        serde_json::to_string(&json!({"sealed": sealed})).map_err(ApiError::internal)
    })
}

/// The answer as it is sent.
pub(crate) fn open(sealer: &Sealer, purpose: &str, answer: Reply) -> Result<Reply, ApiError> {
    answer.try_map_body(|body| {
        let kept: Value = serde_json::from_str(body).map_err(ApiError::internal)?;
        let sealed = STANDARD.decode(kept["sealed"].as_str().unwrap_or_default()).map_err(ApiError::internal)?;
        let opened = sealer.open(purpose, &sealed).map_err(ApiError::internal)?;
        String::from_utf8(opened.to_vec()).map_err(ApiError::internal)
    })
}
