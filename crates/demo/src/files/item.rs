//! One record of a file, on its way to `POST /records/batch`.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// A record and where it stood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// Line of the file, from 1.
    pub(super) line: u64,
    /// As `POST /records` takes it.
    pub(super) body: Value,
}

/// A file's records and the lines that are none.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) items: Vec<Item>,
    pub(super) rejected: Vec<String>,
}

impl Parsed {
    pub(super) fn reject(&mut self, line: u64, why: impl std::fmt::Display) {
        self.rejected.push(format!("line {line}: {why}"));
    }
}

/// The fields of a normalised record, by their spelling without case and separators.
fn field(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match plain.as_str() {
        "text" => Some("text"),
        "title" => Some("title"),
        "amount" => Some("amount"),
        "currency" => Some("currency"),
        "counterparty" => Some("counterparty"),
        "occurredat" => Some("occurredAt"),
        "externalid" => Some("externalId"),
        _ => None,
    }
}

/// The record made of a flat object: known names become fields, all others attributes (`category` and `label` too:
/// what a file says about the answer is not told to the rules as one). Fails when there is no text.
pub(super) fn from_flat(stem: &str, line: u64, raw: &Map<String, Value>) -> Result<Item, String> {
    let mut normalized = Map::new();
    let mut attributes = Map::new();
    let mut external_id = None;
    for (name, value) in raw {
        match (field(name), value) {
            (_, Value::Null) => {}
            (Some("externalId"), value) => external_id = Some(as_text(value)),
            (Some("text"), value) => {
                normalized.insert("text".to_owned(), as_text(value).into());
            }
            // An empty cell of a table means that there is nothing.
            (Some(_), Value::String(text)) if text.trim().is_empty() => {}
            (Some(field), value) => {
                normalized.insert(field.to_owned(), as_text(value).into());
            }
            (None, Value::Object(nested)) if name == "attributes" => attributes.extend(nested.clone()),
            (None, value) => {
                attributes.insert(name.clone(), value.clone());
            }
        }
    }
    if normalized.get("text").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Err("there is no text".to_owned());
    }
    normalized.insert("attributes".to_owned(), attributes.into());
    let external_id = external_id.filter(|id| !id.is_empty()).unwrap_or_else(|| derived_id(stem, line, raw));
    Ok(Item { line, body: json!({"externalId": external_id, "raw": raw, "normalized": normalized}) })
}

/// An id for a record that has none: the same row of the same file gets the same one, so that sending a file again
/// stores nothing twice.
pub(super) fn derived_id(stem: &str, line: u64, raw: &Map<String, Value>) -> String {
    let digest = Sha256::digest(Value::Object(raw.clone()).to_string());
    let stem: String = stem.chars().take(80).collect();
    format!("{stem}:{line}:{}", hex::encode(&digest[..6]))
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(value: &Value) -> Result<Item, String> {
        from_flat("file", 2, value.as_object().expect("an object"))
    }

    #[test]
    fn known_names_become_fields_and_others_attributes() {
        let item =
            flat(&json!({"Text": "hello", "occurred_at": "2025-01-01T00:00:00Z", "amount": 12.5, "currency": "EUR",
            "category": "greeting", "External ID": "x-1", "title": ""}))
            .expect("a record");
        assert_eq!(item.body["externalId"], "x-1");
        let expected = json!({"text": "hello", "occurredAt": "2025-01-01T00:00:00Z", "amount": "12.5",
            "currency": "EUR", "attributes": {"category": "greeting"}});
        assert_eq!(item.body["normalized"], expected);
    }

    #[test]
    fn the_same_row_has_the_same_id() {
        let id = |value: Value| flat(&value).expect("a record").body["externalId"].clone();
        assert_eq!(id(json!({"text": "a"})), id(json!({"text": "a"})));
        assert_ne!(id(json!({"text": "a"})), id(json!({"text": "b"})));
    }

    #[test]
    fn a_record_needs_a_text() {
        assert!(flat(&json!({"title": "only"})).is_err());
        assert!(flat(&json!({"text": "  "})).is_err());
    }
}
