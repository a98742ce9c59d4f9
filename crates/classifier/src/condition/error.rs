//! Why a text is no condition, told to its author, and why a condition has no value for a record.

use std::fmt;

use serde::Serialize;

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionErrorKind {
    /// The text does not follow the grammar.
    Syntax,
    /// Longer, deeper or costlier than allowed.
    Limit,
    /// A name, field or function that does not exist.
    Unknown,
    /// A value of one type where another is needed.
    Type,
    /// Valid CEL that conditions do not take, such as `map` and `exists`.
    Unsupported,
    /// A literal with an impossible content: a bad pattern, a bad time.
    Literal,
}

/// Why a text is no condition, and where; serialised, it is the error's context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}, column {column}: {message}; {expected}")]
#[serde(rename_all = "camelCase")]
pub struct ConditionError {
    /// The sort of mistake.
    pub kind: ConditionErrorKind,
    /// Line of the mistake, from 1.
    pub line: u32,
    /// Column of the mistake, from 1, counted in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What was expected instead, or what to do.
    pub expected: String,
    /// The part of the source that is meant; shortened when long.
    pub fragment: String,
}

/// Why a condition has no value for a record; the rule then does not match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{expression}: {reason}")]
#[serde(rename_all = "camelCase")]
pub struct EvalError {
    /// The sub-expression that failed, as written.
    pub expression: String,
    /// What happened.
    pub reason: EvalErrorReason,
}

/// What went wrong in an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvalErrorReason {
    /// `record.amount` or `record.occurredAt` is asked of a record without one. Only traces show it: to
    /// [`crate::Condition::matches`] it is an ordinary miss.
    Absent,
    /// The record has no attribute of that name.
    MissingAttribute,
    /// The attribute is not a boolean.
    NotBoolean,
    /// The attribute is not a number.
    NotNumber,
    /// The attribute is not a text.
    NotText,
    /// Two values that have no common order or sum.
    Incompatible,
    /// Arithmetic left the range of numbers, as a division by zero does.
    NotFinite,
}

impl fmt::Display for EvalErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the record has none",
            Self::MissingAttribute => {
                "the record has no such attribute; guard it with `\"name\" in record.attributes && …`"
            }
            Self::NotBoolean => "is not a boolean here",
            Self::NotNumber => "is not a number here",
            Self::NotText => "is not a text here",
            Self::Incompatible => "the two values are of different types here",
            Self::NotFinite => "the result is not a finite number (division by zero?)",
        })
    }
}
