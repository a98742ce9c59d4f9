//! The only place that knows tables and diesel. Every function takes the caller's connection and names the tenant.

pub(crate) mod decisions;
pub(crate) mod dismissed_proposals;
pub(crate) mod embeddings;
pub(crate) mod entitlements;
pub(crate) mod exemplars;
pub(crate) mod history;
pub(crate) mod labels;
pub(crate) mod memory_heads;
pub(crate) mod model_answers;
pub(crate) mod model_capabilities;
pub(crate) mod model_evidence;
pub(crate) mod model_usage;
pub(crate) mod pending_decisions;
pub(crate) mod records;
pub(crate) mod rule_sets;
pub(crate) mod rule_stats;
pub(crate) mod rule_versions;
pub(crate) mod rules;
pub(crate) mod runs;
mod schema;
pub(crate) mod scored_decisions;
pub(crate) mod settings;
pub(crate) mod shadow_matches;
pub(crate) mod tenant_models;
pub(crate) mod value_lists;

use db::DbError;
use serde::Serialize;
use serde::de::DeserializeOwned;

type Stored<T> = Result<T, DbError>;

/// A stored text whose values this build does not know: a defect, or a database from the future.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds {value:?}, which this version does not know")]
struct UnknownValue {
    column: &'static str,
    value: String,
}

fn known<T>(column: &'static str, value: &str, parse: impl FnOnce(&str) -> Option<T>) -> Stored<T> {
    parse(value).ok_or_else(|| unreadable(UnknownValue { column, value: value.to_owned() }))
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> DbError {
    DbError::Query(diesel::result::Error::DeserializationError(Box::new(error)))
}

fn to_json<T: Serialize>(value: &T) -> Stored<String> {
    serde_json::to_string(value)
        .map_err(|error| DbError::Query(diesel::result::Error::SerializationError(Box::new(error))))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Stored<T> {
    serde_json::from_str(text).map_err(unreadable)
}

fn bytes_of_floats(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

fn bytes_of_words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

/// A pattern for `ILIKE` that finds the text anywhere and takes nothing in it for a wildcard.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    #[test]
    fn wildcards_in_a_search_are_letters() {
        assert_eq!(super::containing(r"50%_\"), r"%50\%\_\\%");
    }
}
