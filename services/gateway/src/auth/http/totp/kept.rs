//! Answers with secrets, which are kept sealed for whoever repeats an idempotent request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::UserId;
use serde_json::{Value, json};
use settings::Sealer;
use web::{ApiError, Reply};

fn purpose(user: UserId) -> String {
    format!("{user}/totp-answer")
}

/// The answer as it is kept.
pub(super) fn seal(sealer: &Sealer, user: UserId, answer: Reply) -> Result<Reply, ApiError> {
    answer.try_map_body(|body| {
        let sealed = STANDARD.encode(sealer.seal(&purpose(user), body.as_bytes()));
        serde_json::to_string(&json!({"sealed": sealed})).map_err(ApiError::internal)
    })
}

/// The answer as it is sent.
pub(super) fn open(sealer: &Sealer, user: UserId, answer: Reply) -> Result<Reply, ApiError> {
    answer.try_map_body(|body| {
        let kept: Value = serde_json::from_str(body).map_err(ApiError::internal)?;
        let sealed = STANDARD.decode(kept["sealed"].as_str().unwrap_or_default()).map_err(ApiError::internal)?;
        let opened = sealer.open(&purpose(user), &sealed).map_err(ApiError::internal)?;
        String::from_utf8(opened.to_vec()).map_err(ApiError::internal)
    })
}
