//! The only place that knows tables and diesel. Every function takes the caller's connection and names the tenant.

pub(crate) mod decisions;
pub(crate) mod dismissed_proposals;
pub(crate) mod entitlements;
pub(crate) mod history;
pub(crate) mod labels;
pub(crate) mod model_answers;
pub(crate) mod model_capabilities;
pub(crate) mod model_usage;
pub(crate) mod records;
pub(crate) mod rule_sets;
pub(crate) mod rule_stats;
pub(crate) mod rule_versions;
pub(crate) mod rules;
pub(crate) mod runs;
mod schema;
pub(crate) mod settings;
pub(crate) mod shadow_matches;
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
