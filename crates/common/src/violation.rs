//! One reason why an input was refused, as `422 validation_failed` lists them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    /// Where, as a JSON path without the leading `$.`: `normalized.amount`.
    pub path: String,
    /// Which rule, in `snake_case`: `max_length`, `unknown_field`, `type`.
    pub rule: String,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Violation {
    /// A violation at `path`.
    pub fn new(path: impl Into<String>, rule: &str, message: impl Into<String>) -> Self {
        Self { path: path.into(), rule: rule.to_owned(), message: message.into() }
    }
}

/// Checks a text field for length (in characters) and NUL, which PostgreSQL cannot store.
pub fn check_text(found: &mut Vec<Violation>, path: &str, text: &str, min: usize, max: usize) {
    if text.contains('\0') {
        found.push(Violation::new(path, "no_nul", "must not contain the NUL character; remove it"));
    }
    // Bytes bound characters from above, so the common case needs no count.
    if text.len() > max && text.chars().count() > max {
        found.push(Violation::new(path, "max_length", format!("must be at most {max} characters")));
    }
    if min > 0 && text.trim().chars().take(min).count() < min {
        found.push(Violation::new(path, "min_length", format!("must be at least {min} characters")));
    }
}
