//! Opaque cursors: a list's own sort key as URL-safe text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// A cursor for the row with this sort key.
///
/// # Panics
/// When the key is not plain JSON; keys are tuples of times and ids.
pub fn encode_cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).expect("a sort key is plain JSON"))
}

/// The sort key in a cursor. It is the caller's input: use it only inside tenant-scoped queries.
///
/// # Errors
/// 400 when it is not one of this list's cursors.
pub fn decode_cursor<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(key) => Ok(Some(key)),
        None => Err(ApiError::invalid_request("The cursor is not one that this list gave. Begin again without it.")
            .with("field", "cursor")),
    }
}
