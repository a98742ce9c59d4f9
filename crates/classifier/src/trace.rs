//! Traces: what each part of a condition came to, for the author who asks why a rule did or did not match.

use serde::Serialize;
use serde_json::Value;

use crate::condition::{EvalError, Scalar};

/// Longest text shown in a step, in characters.
const MAX_SHOWN: usize = 200;

/// One sub-expression and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The sub-expression as written.
    pub expression: String,
    /// Its value; null when it has none. Long texts are shortened.
    pub value: Value,
    /// Why it has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Step {
    pub(crate) fn new(expression: &str, outcome: Result<Scalar<'_>, EvalError>) -> Self {
        let (value, error) = match outcome {
            Ok(value) => (shown(value), None),
            Err(error) => (Value::Null, Some(error.to_string())),
        };
        Self { expression: expression.to_owned(), value, error }
    }
}

fn shown(value: Scalar<'_>) -> Value {
    match value {
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Number(number) => Value::from(number),
        Scalar::Text(text) => Value::String(shortened(&text)),
        Scalar::Time(time) => Value::String(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
