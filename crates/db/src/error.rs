//! Database errors, sorted by what a caller can do about them.

use diesel::result::{DatabaseErrorKind, Error};

/// A failed database operation.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection could be had: the server is away, or the pool was exhausted for too long.
    #[error("no database connection")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server refused or the connection broke.
    #[error("database operation failed")]
    Query(#[from] Error),
}

/// What a failure means for the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The database is away; nothing will succeed until it is back.
    Unavailable,
    /// The same operation may succeed at once or soon: a deadlock, a serialisation failure.
    Transient,
    /// A unique constraint refused; the name tells which.
    Unique,
    /// The row is not there.
    NotFound,
    /// A defect, or data that the schema refuses.
    Permanent,
}

impl DbError {
    /// What the failure means.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unavailable(_) | Self::Query(Error::BrokenTransactionManager) => ErrorClass::Unavailable,
            Self::Query(Error::NotFound) => ErrorClass::NotFound,
            Self::Query(Error::DatabaseError(kind, info)) => match kind {
                DatabaseErrorKind::UniqueViolation => ErrorClass::Unique,
                DatabaseErrorKind::SerializationFailure => ErrorClass::Transient,
                DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand => ErrorClass::Unavailable,
                DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::RestrictViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::ExclusionViolation => ErrorClass::Permanent,
                _ if contains_any(info.message(), &CONTENTION) => ErrorClass::Transient,
                _ if contains_any(info.message(), &REFUSED) => ErrorClass::Permanent,
                _ if contains_any(info.message(), &AWAY) => ErrorClass::Unavailable,
                // Nothing known is said of the rows, so nothing is held against them: they are tried again.
                _ => ErrorClass::Transient,
            },
            Self::Query(_) => ErrorClass::Permanent,
        }
    }

    /// The name of the unique constraint that refused, if one did.
    #[must_use]
    pub fn unique_constraint(&self) -> Option<&str> {
        match self {
            Self::Query(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) => info.constraint_name(),
            _ => None,
        }
    }
}

// diesel has no kinds for these, so their messages must tell: what rows in each other's way meet, what the server
// says of values that it will never take, and what it says when it is not well itself.
const CONTENTION: [&str; 3] = ["deadlock detected", "canceling statement due to", "lock timeout"];
const REFUSED: [&str; 7] = [
    "exceeds",
    "invalid input",
    "out of range",
    "invalid byte sequence",
    "violates row-level security",
    "value too long",
    "cannot be converted",
];

const AWAY: [&str; 15] = [
    "the database system is",
    "terminating connection",
    "connection closed",
    "error communicating with the server",
    "unexpected EOF",
    "too many clients",
    "remaining connection slots",
    "No space left",
    "could not extend file",
    "could not write",
    "could not open file",
    "could not read",
    "out of memory",
    "out of shared memory",
    "permission denied",
];

fn contains_any(message: &str, known: &[&str]) -> bool {
    known.iter().any(|part| message.contains(part))
}
