//! Opaque cursors: a list's own sort key as URL-safe text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    match key.filter(is_storable).and_then(|key| serde_json::from_value(key).ok()) {
        Some(key) => Ok(Some(key)),
        None => Err(ApiError::invalid_request("The cursor is not one that this list gave. Begin again without it.")
            .with("field", "cursor")),
    }
}

/// Whether every time in the key is one that PostgreSQL knows. chrono reads signed years of six digits, which the
/// database would refuse with an error that looks like a defect; no list gives such a cursor.
fn is_storable(key: &Value) -> bool {
    match key {
        Value::String(text) => !text.starts_with(['-', '+']),
        Value::Array(parts) => parts.iter().all(is_storable),
        Value::Object(parts) => parts.values().all(is_storable),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_lists_own_cursors_are_read() {
        let key = ("2026-11-23T10:00:00Z".to_owned(), 7);
        let cursor = encode_cursor(&key);
        assert_eq!(decode_cursor::<(String, i32)>(Some(&cursor)).expect("its own"), Some(key));
        assert_eq!(decode_cursor::<(String, i32)>(None).expect("none"), None);
        let beyond = encode_cursor(&("-200000-01-01T00:00:00Z", 7));
        for bad in ["", "!", "e30", cursor.get(1..).expect("longer"), beyond.as_str()] {
            assert!(decode_cursor::<(String, i32)>(Some(bad)).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_says_its_key_again(text in "[^+-].{0,40}", number in any::<i32>()) {
            let read = decode_cursor::<(String, i32)>(Some(&encode_cursor(&(&text, number))));
            prop_assert_eq!(read.ok().flatten(), Some((text, number)));
        }

        #[test]
        fn what_was_tampered_with_is_refused_or_read_and_never_more(cursor in ".{0,80}", flipped in any::<u8>(), at in 0_usize..64) {
            // Anything at all, and a list's own cursor with one byte changed.
            let mut own = encode_cursor(&("2026-11-23T10:00:00Z", 7)).into_bytes();
            let at = at % own.len();
            own[at] ^= flipped;
            for text in [cursor, String::from_utf8_lossy(&own).into_owned()] {
                if let Ok(Some((time, number))) = decode_cursor::<(String, i32)>(Some(&text)) {
                    prop_assert!(!time.starts_with(['-', '+']), "{}", time);
                    prop_assert_eq!(decode_cursor(Some(&encode_cursor(&(&time, number)))).ok().flatten(), Some((time, number)));
                }
            }
        }
    }
}
